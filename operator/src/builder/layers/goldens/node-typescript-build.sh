mkdir -p '/app'
cd '/app'
cp -R '/workspace/app/package.json' '/workspace/app/package-lock.json' './'
run 'npm ci --no-audit --no-fund'
(keep 'app' 'vibed/home')
cp -R '/workspace/app/.' './'
run 'npm run build'
run 'npm prune --omit=dev --no-audit --no-fund'
