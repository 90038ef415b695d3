"""The bluest granules of a box and their images: python3 examples/area.py http://127.0.0.1:8080"""

import json
import sys

import requests

url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
asked = {"bbox": "11.8,54.9,14,56", "rank": "blue", "bands": "TCI", "format": "ndjson", "limit": 3}

address, parameters = f"{url}/area", asked
while address:
    with requests.get(address, params=parameters, stream=True, timeout=60) as answer:
        if not answer.ok:
            sys.exit(answer.json()["detail"])
        for line in answer.iter_lines():
            image = json.loads(line)
            print(image["sensing_time"], image["colour"], image["score"], image["uri"])
        # The address of the next page holds all parameters.
        address, parameters = answer.links.get("next", {}).get("url"), None
