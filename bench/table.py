# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""Prints the rows of heed_bench as a table: table.py NEW.json
and what changed since an earlier file:      table.py NEW.json --compare OLD.json
or writes them into the README:              table.py NEW.json --readme README.md"""
import json
import sys

CHANGE = 0.05  # rows that moved less are counted, not listed: neighbours move shares by 3 to 5 points


def rows_of(path):
    with open(path) as file:
        data = json.load(file)
    return data["context"], {row["name"].removesuffix("/iterations:1/manual_time"): row for row in data["benchmarks"]}


def rate(x, unit):
    for prefix, size in (("T", 1e12), ("G", 1e9), ("M", 1e6)):
        if x >= size:
            return f"{x / size:6.1f} {prefix}{unit}"
    return f"{x:8.0f} {unit}"


def percent(x):
    return f"{100 * x:5.1f} %"


def share_of(row):
    return row.get("of_bandwidth", row.get("of_peak"))


def beside_a_part(row):
    """What stands beside the time of a part of an eviction: the bytes that a compaction reads and writes, or nothing."""
    return f"  {rate(row['bytes/s'], 'B/s').strip()}, {percent(row['of_bandwidth']).strip()} of the bandwidth" if "bytes/s" in row else ""


def print_table(context, rows):
    print(f"cpu       {context.get('cpu')}, {context['num_cpus']} threads, {context.get('isa')}")
    print(f"compiler  {context.get('compiler')} {context.get('flags')}")
    print(f"commit    {context.get('commit')}, {context['date'][:16]}")
    print(f"peak      {context.get('peak')}; shares: median of 9 (least to most), calibrated around each")
    width = max(len(name) for name in rows)
    for name, row in rows.items():
        if "of_prefill" in row:
            print(f"{name:{width}}  {row['real_time']:9.3f} ms  {percent(row['of_prefill'])} of the prompt's attention, "
                  f"{row['prefill_ms']:.0f} ms")
            continue
        if "calibrated_byte/s" not in row and "calibrated_flop/s" not in row:
            print(f"{name:{width}}  {row['real_time']:9.3f} ms" + beside_a_part(row))
            continue
        by_bytes = "of_bandwidth" in row
        value = rate(row["byte/s"], "B/s") if by_bytes else rate(row["flop/s"], "flop/s")
        limit = row["calibrated_byte/s"] if by_bytes else row["calibrated_flop/s"]
        line = f"{name:{width}}  {row['real_time']:9.3f} ms  {value:>15}  {percent(share_of(row))} of " + \
            f"{rate(limit, 'B/s' if by_bytes else 'flop/s').strip():>13} ({percent(row['share_min']).strip(' %')} to " + \
            f"{percent(row['share_max']).strip(' %')})"
        if "of_plain" in row:
            line += f"  {row['of_plain']:5.2f} of plain"
        if row["busy"] < 0.9:
            line += f"  [had its CPUs {100 * row['busy']:.0f} % of the time]"
        print(line)


def print_changes(old_context, old, new):
    print(f"\nsince commit {old_context.get('commit')}, {old_context['date'][:16]} ({old_context.get('compiler')}):")
    same = 0
    for name, row in new.items():
        if name not in old:
            print(f"  {name}: is new")
            continue
        before, after = share_of(old[name]), share_of(row)
        if before is None or after is None:
            same += 1  # rows without a limit are compared in the run that measured them
            continue
        if abs(after / before - 1) < CHANGE:
            same += 1
        else:
            print(f"  {name}: {percent(before).strip()} -> {percent(after).strip()} of the limit, "
                  f"{old[name]['real_time']:.3f} -> {row['real_time']:.3f} ms")
    missing = sum(name not in new for name in old)
    print(f"  {same} rows within {100 * CHANGE:.0f} %" + (f", {missing} of the earlier ones were not run" if missing else ""))


def markdown(context, rows):
    """What the README shows: targets and models, and the rates of roles in one paragraph."""
    yield f"Measured on {context.get('cpu')}, {context['num_cpus']} cores and threads, {context.get('compiler')}, " \
          f"`{context.get('flags')}`, {context['date'][:10]}, commit {context.get('commit')}:"
    yield ""
    yield "| row | ms | rate | share of the calibrated limit |"
    yield "| --- | ---: | ---: | ---: |"
    roles = []
    for name, row in rows.items():
        if "of_plain" in row:
            roles.append(f"{name.split('/', 1)[1].replace('/h8_s2048_d128/', ' ')} {row['of_plain']:.2f}")
            continue
        if "of_prefill" in row:
            yield f"| `{name}` | {row['real_time']:.2f} | | {100 * row['of_prefill']:.1f} % of the prompt's attention |"
            continue
        if "calibrated_byte/s" not in row and "calibrated_flop/s" not in row:
            yield f"| `{name}` | {row['real_time']:.2f} | {beside_a_part(row).strip()} | |"
            continue
        unit, limit = ("GB/s", "byte/s") if "of_bandwidth" in row else ("Gflop/s", "flop/s")
        yield f"| `{name}` | {row['real_time']:.2f} | {row[limit] / 1e9:.0f} {unit} | {100 * share_of(row):.0f} % of " \
              f"{row['calibrated_' + limit] / 1e9:.0f} {unit} |"
    yield ""
    yield "Masks, scores, sources, types and head dims (rows `roles/...`): rate per visible pair, times the arithmetic of the head"
    yield "dim, relative to `prefill/f32/h8_s2048_d128/full` in the same run:"
    yield ""
    yield "| | |\n| --- | --- |"
    for title, wanted in (("masks", lambda r: r.startswith("f32 ") and "full" not in r or "tree" in r),
                          ("scores, epilogues, observers, sources", lambda r: r.startswith("f32 full+")),
                          ("types and head dims", lambda r: r.endswith(tuple("0123456789")) and "+" not in r and "full" in r)):
        found = [r.removeprefix("f32 ").removeprefix("f32/").replace("full+", "") for r in roles if wanted(r)]
        yield f"| {title} | {', '.join(found)} |"


def write_readme(path, lines):
    begin, end = "<!-- bench:begin -->\n", "<!-- bench:end -->"
    with open(path) as file:
        text = file.read()
    before, rest = text.split(begin)
    with open(path, "w") as file:
        file.write(before + begin + "\n".join(lines) + "\n" + end + rest.split(end)[1])


def main():
    context, rows = rows_of(sys.argv[1])
    if "--readme" in sys.argv:
        write_readme(sys.argv[sys.argv.index("--readme") + 1], markdown(context, rows))
        return
    print_table(context, rows)
    if "--compare" in sys.argv:
        old_context, old = rows_of(sys.argv[sys.argv.index("--compare") + 1])
        print_changes(old_context, old, rows)


main()
