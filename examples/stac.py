"""Clear items of a month with pystac-client: python3 examples/stac.py http://127.0.0.1:8080"""

import sys

from pystac_client import Client

url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
catalog = Client.open(f"{url}/stac")
search = catalog.search(
    collections=["sentinel-2-l1c"],
    bbox=[11.8, 54.9, 14, 56],
    datetime="2020-07-01T00:00:00Z/2020-07-31T23:59:59Z",
    filter={"op": "<", "args": [{"property": "eo:cloud_cover"}, 20]},
    sortby="eo:cloud_cover",
)
for item in search.items():
    print(item.id, item.properties["eo:cloud_cover"], item.assets["visual"].href)
