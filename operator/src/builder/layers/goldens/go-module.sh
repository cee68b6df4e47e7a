mkdir -p '/src'
cd '/src'
cp -R '/workspace/app/go.mod' '/workspace/app/go.sum' './'
run 'go mod download'
(keep 'out' 'src' 'vibed/home')
cp -R '/workspace/app/.' './'
run 'CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/server .'
mkdir -p '/vibed/out/base/etc/ssl/certs'
cp -L '/etc/ssl/certs/ca-certificates.crt' '/vibed/out/base/etc/ssl/certs/ca-certificates.crt'
