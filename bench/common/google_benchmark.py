"""What suites of Google Benchmark share: medians of seven repetitions in one process, and rows of the table."""
import json
import os
import pathlib
import subprocess

BUILD = pathlib.Path(os.environ.get("UE_BUILD", "build/release"))


def medians(suite):
    output = subprocess.run([BUILD / f"bench/{suite}/bench_{suite}", "--benchmark_format=json", "--benchmark_repetitions=7",
                             "--benchmark_min_time=0.2", "--benchmark_enable_random_interleaving=true", "--benchmark_report_aggregates_only=true"],
                            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    rows = json.loads(output)["benchmarks"]
    failed = [row["name"] for row in rows if row.get("error_occurred")]
    if failed:
        raise SystemExit(f"{suite}: {failed} failed")
    return {row["run_name"]: row for row in rows if row["aggregate_name"] == "median"}


def report(title, row, reference=None):
    """Events a second, beside the reference's if there is one, and allocations per event."""
    line = {"name": title, "value": row["items_per_second"], "unit": "events/s"}
    if reference:
        line |= {"reference": reference["items_per_second"], "ratio": row["items_per_second"] / reference["items_per_second"]}
    print(json.dumps(line), flush=True)
    print(json.dumps({"name": f"{title}: allocations", "value": round(row["allocations"], 3), "unit": "per event"}), flush=True)
