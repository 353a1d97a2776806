#!/bin/sh
# Plans and applies images of a bucket, changes one, and lets a listing fail. Nothing leaves this
# machine: the bucket is one of moto's server (pip install 'rbsync[buckets]' 'moto[s3,server]').
set -eu

work=$(mktemp -d)
cp "$(dirname "$0")"/rbsync.yaml "$(dirname "$0")"/objects.py "$work"
cd "$work"

# It takes a port that is free, and tells which.
moto_server --host 127.0.0.1 --port 0 > server.log 2>&1 &
server=$!
trap 'kill "$server" 2> /dev/null || true; rm -rf "$work"' EXIT
until grep -q 'Running on' server.log
do kill -0 "$server" || { cat server.log; exit 1; }; sleep 0.2; done
port=$(sed -n 's|.*Running on http://127.0.0.1:||p' server.log)

# Where buckets are and who asks is said here, and never in a manifest.
export AWS_ENDPOINT_URL="http://127.0.0.1:$port" AWS_REGION=us-east-1
export AWS_ACCESS_KEY_ID=example AWS_SECRET_ACCESS_KEY=example
unset AWS_SESSION_TOKEN AWS_PROFILE
python3 -c "import urllib.request as r; r.urlopen(r.Request('$AWS_ENDPOINT_URL/street-images', method='PUT'))"

echo '[{"category": [["object", "car"]], "bbox2d": {"xnorm": 0.1, "ynorm": 0.2, "wnorm": 0.3, "hnorm": 0.4}}]' > car.json
python3 objects.py 2026/05/one.png 2026/05/two.png 2026/06/three.png labels/one.json=car.json

echo '== a bucket that nobody allowed'
rbsync plan || echo "(exit code $?)"

export RBSYNC_BUCKETS=street-images
echo '== its keys, and no download of an image'
rbsync plan
rbsync apply --yes

echo '== one object that was written anew'
echo another > another.png
python3 objects.py 2026/06/three.png=another.png
rbsync apply --yes

echo '== nobody answers: nothing is known, and nothing deleted'
kill "$server"
wait "$server" || true
rbsync plan --prune || echo "(exit code $?)"
rbsync ls
