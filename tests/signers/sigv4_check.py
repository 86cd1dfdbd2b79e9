"""What botocore's own signer for S3 puts into `Authorization`, for requests as they went out on the wire.

Nothing of the wire is decoded here: what is compared is what was sent.
"""

import json
import sys
from datetime import datetime, timezone
from unittest import mock

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def authorization(job):
    headers = {name.lower(): value for name, value in job["headers"]}
    names = headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    signed = {name: headers[name] for name in names}
    request = AWSRequest(method=job["method"], url=f"http://{headers['host']}{job['target']}", headers=signed)
    when = datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    signer = botocore.auth.S3SigV4Auth(Credentials(*job["credentials"]), "s3", job["region"])
    # What the sender said of the body is part of what is signed.
    signer.payload = lambda _: headers["x-amz-content-sha256"]
    clock = "get_current_datetime"
    with mock.patch.object(botocore.auth, clock, lambda *_, **__: when.replace(tzinfo=None)):
        signer.add_auth(request)
    return request.headers["Authorization"]


json.dump([authorization(job) for job in json.load(sys.stdin)["jobs"]], sys.stdout)
