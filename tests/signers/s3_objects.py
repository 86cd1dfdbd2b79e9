"""Does with a bucket what botocore's own client does: makes it, puts objects, gets them."""

import base64
import json
import sys

import botocore.session
from botocore.config import Config

document = json.load(sys.stdin)
client = botocore.session.Session().create_client(
    "s3",
    region_name=document["region"],
    endpoint_url=document["endpoint"],
    aws_access_key_id=document["credentials"][0],
    aws_secret_access_key=document["credentials"][1],
    config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 5}),
)


def run(job):
    bucket = document["bucket"]
    match job["do"]:
        case "make":
            client.create_bucket(Bucket=bucket)
        case "put":
            body = base64.b64decode(job["body"]) if "body" in job else bytes(job["zeros"])
            client.put_object(Bucket=bucket, Key=job["key"], Body=body)
        case "get":
            body = client.get_object(Bucket=bucket, Key=job["key"])["Body"].read()
            return base64.b64encode(body).decode()
        case "list":
            found = client.list_objects_v2(Bucket=bucket).get("Contents", [])
            return sorted(entry["Key"] for entry in found)


json.dump([run(job) for job in document["jobs"]], sys.stdout)
