mkdir -p '/app'
cd '/app'
cp -R '/workspace/app/.' './'
run 'npm ci --no-audit --no-fund'
