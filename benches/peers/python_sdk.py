"""What a page costs with the official Python SDK: CPU time of this process, and its peak memory.

    pip install huaweicloudsdkdrs
    drs-backup-jobs emulate --jobs 29701
    python3 python_sdk.py http://127.0.0.1:PORT 300

Requests the pages that `benches/listing.rs` requests, and keeps the ids to detect duplicates, which
the SDK does not do by itself.
"""

import resource
import sys
import time

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkdrs.v5 import DrsClient, ListReplicationJobsRequest

PAGE = 100


def list_pages(client, pages):
    seen = set()
    for page in range(pages):
        request = ListReplicationJobsRequest(limit=PAGE, offset=page * (PAGE - 1))
        seen.update(job.id for job in client.list_replication_jobs(request).jobs)
    return len(seen)


def main(url, pages):
    client = (
        DrsClient.new_builder()
        .with_credentials(BasicCredentials("AK", "SK", "p"))
        .with_endpoint(url)
        .build()
    )
    list_pages(client, 1)
    begin = time.process_time()
    jobs = list_pages(client, pages)
    micros = (time.process_time() - begin) / pages * 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{jobs} jobs: {micros:.0f} µs CPU per page, peak memory {peak} kB")


main(sys.argv[1], int(sys.argv[2]))
