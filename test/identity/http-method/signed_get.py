"""Asks an HTTP method as botocore signs it (AWS_IAM of API Gateway): prints the status and the body as JSON."""

import json
import sys
import urllib.error
import urllib.request

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

url, key_id, secret, service, region, headers, method, body = sys.argv[1:9]

request = AWSRequest(method=method, url=url, headers=json.loads(headers), data=body or None)
SigV4Auth(Credentials(key_id, secret), service, region).add_auth(request)
# By urllib, which sends the URL as it is written.
call = urllib.request.Request(url, method=method, headers=dict(request.headers), data=body.encode() or None)
try:
    with urllib.request.urlopen(call) as response:
        print(json.dumps({"status": response.status, "body": response.read().decode()}))
except urllib.error.HTTPError as error:
    print(json.dumps({"status": error.code, "body": error.read().decode()}))
