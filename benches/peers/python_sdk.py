"""What a page costs the official Python SDK: CPU time of this process, and its peak memory.

    pip install huaweicloudsdkdrs
    drs-backup-jobs emulate --jobs 29701
    python3 python_sdk.py http://127.0.0.1:PORT 300

It loops over the pages as `benches/walk.rs` does, and keeps the ids to tell doubles, which the SDK
does not do by itself.
"""

import resource
import sys
import time

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkdrs.v5 import DrsClient, ListReplicationJobsRequest

PAGE = 100


def walk(client, pages):
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
    walk(client, 1)
    begin = time.process_time()
    jobs = walk(client, pages)
    micros = (time.process_time() - begin) / pages * 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{jobs} jobs: {micros:.0f} µs CPU a page, peak memory {peak} kB")


main(sys.argv[1], int(sys.argv[2]))
