mkdir -p '/app'
cd '/app'
cp -R '/workspace/app/package.json' './'
run 'npm install --no-audit --no-fund'
(keep 'app' 'vibed/home')
cp -R '/workspace/app/.' './'
run 'npm run build'
