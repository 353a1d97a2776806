#!/usr/bin/env bash
# Makes an authority of a cluster's own, and one certificate that scheduler, workers and rbsync share:
#
#     examples/cluster/certificates.sh /etc/dask/tls
#
# Whoever has key.pem may run programs on all workers. authority.key makes further certificates; keep
# it where no worker is. Dask asks both sides for a certificate, and looks at no names of hosts.
set -euo pipefail

umask 077
mkdir -p "$1"
cd "$1"
curve=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
openssl req -x509 "${curve[@]}" -days 3650 -subj '/CN=authority of the cluster' \
    -keyout authority.key -out authority.pem 2> openssl.log
openssl req "${curve[@]}" -subj '/CN=cluster' -keyout key.pem -out request.pem 2>> openssl.log
openssl x509 -req -in request.pem -days 825 -CA authority.pem -CAkey authority.key \
    -CAcreateserial -out cert.pem 2>> openssl.log
rm request.pem openssl.log
