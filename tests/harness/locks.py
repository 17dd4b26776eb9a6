"""Are the locks in step with what they lock? `python -m tests.harness.locks`, without a network.

Every direct dependency is pinned with hashes within its bounds, and no address is written.
"""

import re
import sys
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ \\;]+)")


def failures() -> list[str]:
    """What is out of step, one sentence each."""
    found = []
    for source in sorted((ROOT / "requirements").glob("*.in")):
        lock = source.with_suffix(".txt")
        lines = lock.read_text().splitlines()
        pins = {canonicalize_name(m[1]): m[2] for line in lines if (m := PIN.match(line))}
        if re.search(r"https?://|--index-url|--find-links", "\n".join(lines)):
            found.append(f"{lock.name} writes an address")
        for name in pins:
            start = next(i for i, line in enumerate(lines)
                         if (m := PIN.match(line)) and canonicalize_name(m[1]) == name)  # fmt: skip
            if "--hash=sha256:" not in "".join(lines[start : start + 2]):
                found.append(f"{lock.name}: {name} has no hash")
        for line in source.read_text().splitlines():
            wanted = line.split("#")[0].strip()
            if not wanted or wanted.startswith("-"):
                continue
            requirement = Requirement(wanted)
            pinned = pins.get(canonicalize_name(requirement.name))
            if pinned is None or not requirement.specifier.contains(pinned):
                found.append(f"{lock.name} does not lock « {wanted} »: run « make lock »")
    return found


if __name__ == "__main__":
    found = failures()
    print("\n".join(found))
    sys.exit(bool(found))
