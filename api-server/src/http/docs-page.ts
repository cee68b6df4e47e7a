// The OpenAPI document as a page: nothing in it is loaded from elsewhere, and it has no scripts.

type Json = Record<string, unknown>;

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** The document as a page, with the line that installs the command. */
export function docsPage(document: Json, installLine: string): string {
  const paths = document.paths as Record<string, Record<string, Json>>;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(method, path, operation)),
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>vibeD API</title>
<style>body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}code,pre{font:13px ui-monospace,monospace}pre{overflow:auto;border:1px solid #8886;padding:.7rem;border-radius:6px}summary{cursor:pointer}h2 code{font-size:1rem}</style>
<h1>vibeD API</h1><p>Send <code>Authorization: Bearer &lt;API key&gt;</code>. The same as <a href="/api/openapi.json">OpenAPI 3.1</a>; AI tools use <code>/mcp</code>.</p>
<p>From a shell, with Node.js 20 or newer, the command <code>vibed</code>:</p><pre>${escaped(installLine)}</pre>
${operations.join('\n')}</html>\n`;
}

function section(method: string, path: string, operation: Json): string {
  const details = (title: string, value: unknown) =>
    value === undefined
      ? ''
      : `<details><summary>${title}</summary><pre>${escaped(JSON.stringify(value, null, 2))}</pre></details>`;
  return `<section><h2><code>${method.toUpperCase()} ${escaped(path)}</code></h2><p><b>${escaped(String(operation.summary))}.</b> ${escaped(String(operation.description ?? ''))}</p>
${details('Parameters', operation.parameters)}${details('Body', operation.requestBody)}${details('Answers', operation.responses)}</section>`;
}
