#!/bin/sh
# Downloads the true colour images of a box into this folder: sh examples/area.sh http://127.0.0.1:8080
set -eu
url=${1:-http://127.0.0.1:8080}
curl --fail --silent --show-error --get "$url/area" \
  --data-urlencode 'bbox=11.8,54.9,14,56' \
  --data-urlencode 'datetime=2020-07-01/2020-07-31' \
  --data-urlencode 'bands=TCI' \
  --data-urlencode 'format=uris' |
  gsutil -m cp -I .
