"""Prints the signature that botocore makes for a request that was signed already, over the same headers and date."""

import json
import sys

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

method, url, headers, key_id, secret, token, service, region = sys.argv[1:9]

request = AWSRequest(method=method, url=url, headers=json.loads(headers))
request.context["timestamp"] = request.headers["x-amz-date"]
signer = SigV4Auth(Credentials(key_id, secret, token), service, region)
print(signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request))
