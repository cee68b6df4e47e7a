/** Trees of languages and site generators that vibeD does not build, and trees that only look like them. */
import type { Entry } from './entry.ts';

const page = '<!doctype html><h1>Shop</h1>';
const by = (...says: readonly string[]) => ({
  refused: 'LanguageUnknown',
  says: [...says, 'which vibeD does not build'],
});
const bring = 'Bring a Dockerfile';
const express = {
  'package.json': JSON.stringify({ scripts: { start: 'node server.js' }, dependencies: { express: '^5' } }),
  'server.js': "require('express')().listen(process.env.PORT);\n",
};
const viteAssets = JSON.stringify({ scripts: { build: 'vite build' }, devDependencies: { vite: '^7', axios: '^1' } });

/** Each is refused by its name, with the way out that fits; the last ones are not refused. */
export const foreignEntries: readonly Entry[] = [
  {
    name: 'a contact form in PHP beside a page',
    files: { 'index.html': page, 'contact.php': '<?php $password = "secret"; mail();' },
    expect: by('PHP application', 'contact.php', bring),
  },
  { name: 'PHP alone', files: { 'index.php': '<?php echo 1;' }, expect: by('PHP', 'index.php', bring) },
  {
    name: 'Laravel with Vite assets',
    files: {
      'composer.json': '{}',
      artisan: '#!/usr/bin/env php',
      'package.json': viteAssets,
      'vite.config.js': 'export default {}',
      'public/index.php': '<?php',
    },
    expect: by('PHP', 'artisan', bring),
  },
  {
    name: 'plain PHP with Vite assets',
    files: { 'home.php': '<?php', 'lib/db.php': '<?php', 'package.json': viteAssets, 'src/main.css': '' },
    expect: by('PHP', 'home.php', bring),
  },
  {
    name: 'WordPress',
    files: { 'wp-config.php': '<?php', 'wp-content/themes/t/style.css': '', 'index.php': '<?php' },
    expect: by('PHP', 'index.php'),
  },
  {
    name: 'PHP in a folder of an archive',
    files: { 'shop-master/composer.json': '{}', 'shop-master/src/Cart.php': '<?php', 'README.md': '' },
    expect: by('PHP', 'shop-master/composer.json', bring),
  },
  {
    name: 'Sinatra',
    files: { Gemfile: "gem 'sinatra'\n", 'app.rb': "require 'sinatra'\n", 'config.ru': 'run App\n' },
    expect: by('Ruby application', 'Gemfile', 'app.rb', bring),
  },
  {
    name: 'Rails that builds its scripts with esbuild',
    files: {
      Gemfile: "gem 'rails'\n",
      'config/routes.rb': 'Rails.application.routes.draw {}\n',
      'package.json': '{"scripts":{"build":"esbuild app/javascript/*.*"},"dependencies":{"esbuild":"^0.25"}}',
    },
    expect: by('Ruby', 'config/routes.rb', bring),
  },
  { name: 'a Ruby file', files: { 'hello.rb': 'puts 1\n' }, expect: by('Ruby', 'hello.rb') },
  {
    name: '.NET with pages in wwwroot',
    files: {
      'Shop.csproj': '<Project/>',
      'Program.cs': 'var app = WebApplication.Create();',
      'wwwroot/index.html': page,
      'appsettings.json': '{}',
    },
    expect: by('.NET application', 'Shop.csproj', 'Program.cs', bring),
  },
  {
    name: 'a .NET solution',
    files: { 'Shop.sln': '', 'src/Shop/Shop.csproj': '<Project/>', 'src/Shop/Program.cs': '' },
    expect: by('.NET', 'Shop.sln', bring),
  },
  { name: 'F#', files: { 'Web.fsproj': '<Project/>', 'Program.fs': '' }, expect: by('.NET', 'Web.fsproj') },
  {
    name: 'Spring Boot with Maven',
    files: { 'pom.xml': '<project/>', 'src/main/java/App.java': '', 'src/main/resources/static/index.html': page },
    expect: by('Java application', 'pom.xml', bring),
  },
  {
    name: 'Spring Boot with an Angular client',
    files: {
      'pom.xml': '<project/>',
      'src/main/java/App.java': '',
      'package.json': '{"scripts":{"start":"ng serve"},"dependencies":{"@angular/core":"20"}}',
    },
    expect: by('Java', 'pom.xml'),
  },
  {
    name: 'Ktor',
    files: { 'build.gradle.kts': 'plugins {}', 'src/main/kotlin/Main.kt': 'fun main() {}' },
    expect: by('Kotlin application', 'build.gradle.kts', bring),
  },
  { name: 'Gradle', files: { 'build.gradle': '', gradlew: '' }, expect: by('Java', 'build.gradle') },
  { name: 'Scala', files: { 'build.sbt': '', 'src/main/scala/M.scala': '' }, expect: by('Scala', 'build.sbt') },
  {
    name: 'Phoenix with assets',
    files: { 'mix.exs': '', 'lib/shop.ex': '', 'assets/package.json': '{"scripts":{"deploy":"node build.js"}}' },
    expect: by('an Elixir application', 'mix.exs', bring),
  },
  {
    name: 'Flutter for the web',
    files: { 'pubspec.yaml': 'name: shop\nflutter:\n', 'lib/main.dart': '', 'web/index.html': page },
    expect: by('Flutter application', 'pubspec.yaml', 'build/web/'),
  },
  { name: 'Dart', files: { 'pubspec.yaml': 'name: a\n', 'bin/server.dart': '' }, expect: by('Dart', 'pubspec.yaml') },
  { name: 'Swift', files: { 'Package.swift': '', 'Sources/App/main.swift': '' }, expect: by('Swift', 'Package.swift') },
  { name: 'CMake', files: { 'CMakeLists.txt': '', 'src/main.cpp': '' }, expect: by('C or C++', 'CMakeLists.txt') },
  { name: 'make and C', files: { Makefile: 'all:\n', 'server.c': '' }, expect: by('C or C++', 'Makefile', 'server.c') },
  { name: 'Crystal', files: { 'shard.yml': '', 'src/app.cr': '' }, expect: by('Crystal', 'shard.yml') },
  { name: 'Haskell', files: { 'stack.yaml': '', 'app/Main.hs': '' }, expect: by('Haskell', 'stack.yaml') },
  { name: 'Clojure', files: { 'project.clj': '', 'src/core.clj': '' }, expect: by('Clojure', 'project.clj') },
  { name: 'Gleam', files: { 'gleam.toml': '', 'src/app.gleam': '' }, expect: by('Gleam', 'gleam.toml') },
  { name: 'Zig', files: { 'build.zig': '', 'src/main.zig': '' }, expect: by('Zig', 'build.zig') },
  { name: 'COBOL', files: { 'index.cbl': '' }, expect: by('COBOL', 'index.cbl') },
  {
    name: 'Shiny in R',
    files: { 'app.R': 'library(shiny)\n', 'renv.lock': '{}' },
    expect: by('an R application', 'app.R', bring),
  },
  {
    name: 'Lunatic',
    files: { 'Cargo.toml': '[package]\nname = "a"\n\n[dependencies]\nlunatic = "0.13"\n', 'src/main.rs': '' },
    expect: by('Lunatic', 'Cargo.toml'),
  },
  { name: 'Nix alone', files: { 'flake.nix': '{}', 'flake.lock': '{}' }, expect: by('Nix', 'flake.nix') },
  { name: 'a shell script', files: { 'start.sh': 'nc -l 8080\n' }, expect: by('shell script', 'start.sh') },
  {
    name: 'Hugo',
    files: { 'hugo.toml': '', 'content/tomatoes.md': '', 'layouts/index.html': '{{ .Title }}' },
    expect: by('Hugo site', 'hugo.toml', 'content/', 'layouts/', 'public/'),
  },
  {
    name: 'Hugo with modules and stylesheet tools',
    files: {
      'config.toml': 'baseURL = "/"\n',
      'content/_index.md': '',
      'go.mod': 'module site\n',
      'package.json': '{"devDependencies":{"postcss":"8"}}',
    },
    expect: by('Hugo', 'config.toml', 'public/'),
  },
  {
    name: 'Jekyll',
    files: {
      '_config.yml': 'title: Diary\n',
      '_layouts/default.html': '{{ content }}',
      'index.html': '---\nlayout: default\n---\n<h1>Diary</h1>',
    },
    expect: by('Jekyll site', '_config.yml', '_layouts/', '_site/'),
  },
  {
    name: 'Jekyll of pages in Markdown',
    files: { '_config.yml': 'theme: minima\n', 'index.md': '# Diary', Gemfile: "gem 'jekyll'\n" },
    expect: by('Jekyll', '_config.yml', '_site/'),
  },
  {
    name: 'Eleventy without package.json',
    files: { '.eleventy.js': 'module.exports = () => {};', 'index.njk': '' },
    expect: by('an Eleventy site', '.eleventy.js', '_site/'),
  },
  {
    name: 'Zola',
    files: {
      'config.toml': 'base_url = "/"\n',
      'content/_index.md': '',
      'templates/index.html': '{{ section.title }}',
    },
    expect: by('Zola', 'config.toml', 'public/'),
  },
  {
    name: 'MkDocs',
    files: { 'mkdocs.yml': 'site_name: Docs\n', 'docs/index.md': '', 'requirements.txt': 'mkdocs\n' },
    expect: by('MkDocs site', 'mkdocs.yml', 'site/'),
  },
  {
    name: 'Hexo',
    files: {
      '_config.yml': '',
      'package.json': '{"scripts":{"build":"hexo generate"},"dependencies":{"hexo":"^7"}}',
      'source/_posts/a.md': '',
    },
    expect: by('Hexo', '_config.yml', 'public/'),
  },
  {
    name: 'Pelican',
    files: { 'pelicanconf.py': '', 'content/a.md': '', 'requirements.txt': 'pelican\n' },
    expect: by('Pelican', 'pelicanconf.py', 'output/'),
  },
  {
    name: 'front matter in the page',
    files: { 'index.html': '---\ntitle: Home\n---\n<h1>Home</h1>', 'style.css': '' },
    expect: { refused: 'LanguageUnknown', says: ['index.html is a template', 'front matter', '_site/'] },
  },
  {
    name: 'block tags in the page',
    files: { 'index.html': '{% extends "base.html" %}\n<h1>Hi</h1>', 'base.html': '<body></body>' },
    expect: { refused: 'LanguageUnknown', says: ['index.html is a template', '{% extends'] },
  },
  {
    name: 'mustaches in the page with layouts beside it',
    files: { 'index.html': '<h1>{{ title }}</h1>', 'layouts/base.html': '<body>{{ content }}</body>' },
    expect: { refused: 'LanguageUnknown', says: ['index.html is a template', 'layouts'] },
  },
  {
    name: 'a PHP service and a frontend',
    files: { 'api/composer.json': '{}', 'api/index.php': '<?php', 'web/package.json': viteAssets },
    expect: { refused: 'LanguageUnknown', says: ['several applications', 'api/', 'web/'] },
  },
  {
    name: 'a Gemfile for tools beside a Node server',
    files: { ...express, Gemfile: "gem 'fastlane'\n" },
    expect: { language: 'nodejs', runs: ['server.js'] },
  },
  {
    name: 'a Dockerfile wins over PHP',
    files: { Dockerfile: 'FROM php:8-apache\nEXPOSE 80\n', 'index.php': '<?php', 'composer.json': '{}' },
    expect: { language: 'dockerfile' },
  },
  {
    name: 'documentation of a Python project with MkDocs',
    files: {
      'mkdocs.yml': '',
      'docs/index.md': '',
      'requirements.txt': 'flask\n',
      'app.py': 'from flask import Flask\napp = Flask(__name__)\n',
    },
    expect: { language: 'python' },
  },
  {
    name: 'a deploy script beside a page',
    files: { 'index.html': page, 'deploy.sh': 'rsync\n', Makefile: 'all:\n' },
    expect: { language: 'static', never: ['shell script'] },
  },
  {
    name: 'a flake with the tools of a Node server',
    files: { ...express, 'flake.nix': '{}', 'shell.nix': '{}' },
    expect: { language: 'nodejs' },
  },
  {
    name: 'a GitHub Pages setting beside a complete page',
    files: { 'index.html': page, '_config.yml': 'include: [_x]\n' },
    expect: { language: 'static' },
  },
];
