"""Validates the Kubernetes manifests offline, and runs the Job's command for every index."""

import copy
import re

import kubernetes_validate
import yaml
from sweep import DEPLOY, Sweep, expect, run, succeed

VERSIONS = ("1.33", "1.35", "1.37")

# Words of fields that the schemas take for any text.
WORDS = {
    "completionMode": {"NonIndexed", "Indexed"},
    "restartPolicy": {"Always", "OnFailure", "Never"},
    "action": {"FailJob", "FailIndex", "Ignore", "Count"},
    "operator": {"In", "NotIn"},
    "accessModes": {"ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany", "ReadWriteOncePod"},
    "imagePullPolicy": {"Always", "IfNotPresent", "Never"},
}


def check(sweep: Sweep) -> None:
    files = {it.name: it.read_text() for it in sorted(DEPLOY.glob("kubernetes-*.yaml"))}
    documents = [it for text in files.values() for it in yaml.safe_load_all(text)]
    for it in documents:
        problems = invalid(it)
        expect(not problems, f"{it['kind']} {it['metadata']['name']}: {'; '.join(problems)}")
    text = files["kubernetes-job.yaml"]
    job = next(it for it in documents if it["kind"] == "Job")
    problems = unfit(job, text, documents)
    expect(not problems, f"kubernetes-job.yaml: {'; '.join(problems)}")
    expect_mistakes_are_found(job, text, documents)
    run_every_index(sweep, job)
    end_as_the_policy_says(sweep, job)


def invalid(document: dict) -> list[str]:
    """What Kubernetes would refuse."""
    problems = []
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            problems.append(f"{version}: {error.message}")
    return problems + list(unknown_words(document))


def unknown_words(node: object):
    if isinstance(node, dict):
        for key, value in node.items():
            values = value if isinstance(value, list) else [value]
            for it in values:
                if key in WORDS and it not in WORDS[key]:
                    yield f"{key} is {it}"
            yield from unknown_words(value)
    elif isinstance(node, list):
        for it in node:
            yield from unknown_words(it)


def unfit(job: dict, text: str, documents: list[dict]) -> list[str]:
    """What Kubernetes would take and what would not work."""
    spec, pod = job["spec"], job["spec"]["template"]["spec"]
    shard = pod["containers"][0]
    command = shard["command"] + shard["args"]
    volumes = {it["name"]: it for it in pod["volumes"]}
    claims = {it["metadata"]["name"] for it in documents if it["kind"] == "PersistentVolumeClaim"}
    rules = spec["podFailurePolicy"]["rules"]
    container = (DEPLOY / "Containerfile").read_text()
    user = re.search(r"^USER (\d+):(\d+)$", container, re.M)
    entry = re.search(r'^ENTRYPOINT \["(.+)"\]$', container, re.M)
    asked = {
        "it is not indexed": spec["completionMode"] == "Indexed",
        "its completions are not the shards of its command": command[command.index("--shard") + 1]
        == f"auto/{spec['completions']}",
        "it runs more pods than it has shards": spec["parallelism"] <= spec["completions"],
        "a pod failure policy asks for restartPolicy Never": pod["restartPolicy"] == "Never",
        "a rule names no container of the pod": all(
            it["onExitCodes"]["containerName"] == shard["name"]
            for it in rules
            if "onExitCodes" in it
        ),
        "a mount has no volume": all(it["name"] in volumes for it in shard["volumeMounts"]),
        "a claim is not in the file": volumes["results"]["persistentVolumeClaim"]["claimName"]
        in claims,
        "the ConfigMap has another name in the comment": "create configmap "
        + volumes["plan"]["configMap"]["name"]
        in text,
        "the Job has another name in the comment": f"job/{job['metadata']['name']}" in text,
        "its user is not the image's": user is not None
        and pod["securityContext"]["runAsUser"] == int(user[1])
        and pod["securityContext"]["runAsGroup"] == int(user[2]),
        "its program is not the image's": entry is not None and command[0] == entry[1],
        "an image has no version": ":" in shard["image"] and not shard["image"].endswith(":latest"),
    }
    return [problem for problem, holds in asked.items() if not holds]


def expect_mistakes_are_found(job: dict, text: str, documents: list[dict]) -> None:
    """The checks above, checked: each of these mistakes is one."""

    def change(path: str, value: object) -> dict:
        changed = copy.deepcopy(job)
        *parents, last = path.split("/")
        node = changed
        for key in parents:
            node = node[int(key)] if isinstance(node, list) else node[key]
        node[last] = value
        return changed

    pod = "spec/template/spec"
    for path, value in (
        ("spec/completion", 8),
        ("spec/completions", "8"),
        ("spec/completions", 9),
        ("spec/parallelism", 9),
        ("spec/completionMode", "indexed"),
        ("spec/completionMode", "NonIndexed"),
        ("spec/podFailurePolicy/rules/0/action", "Fail"),
        ("spec/podFailurePolicy/rules/0/onExitCodes/containerName", "main"),
        (f"{pod}/restartPolicy", "OnFailure"),
        (f"{pod}/securityContext/runAsUser", 0),
        (f"{pod}/containers/0/image", "pullstorm"),
        (f"{pod}/containers/0/volumeMounts/0/name", "plans"),
    ):
        changed = change(path, value)
        expect(
            bool(invalid(changed) or unfit(changed, text, documents)),
            f"{path} = {value!r} passes as a good manifest",
        )


def command_of(job: dict, folders: dict[str, object], sweep: Sweep) -> list[str]:
    """The container's command, with folders of this machine in place of its mounts."""
    shard = job["spec"]["template"]["spec"]["containers"][0]
    mounts = {it["mountPath"]: str(folders[it["name"]]) for it in shard["volumeMounts"]}
    words = [str(sweep.program), *shard["command"][1:], *shard["args"]]
    for path, folder in mounts.items():
        words = [
            folder + it[len(path) :] if (it + "/").startswith(path + "/") else it for it in words
        ]
    return words


def run_every_index(sweep: Sweep, job: dict) -> None:
    """All pods, last one first, one of them twice as after a lost node."""
    out = sweep.new_folder("kubernetes")
    command = command_of(job, {"plan": sweep.plan.parent, "results": out}, sweep)
    for index in [*reversed(range(job["spec"]["completions"])), 1]:
        succeed(command, JOB_COMPLETION_INDEX=str(index))
    sweep.expect_same_when_merged("kubernetes", out)


def end_as_the_policy_says(sweep: Sweep, job: dict) -> None:
    """Mistakes end the Job; what may pass is tried again."""
    rules = job["spec"]["podFailurePolicy"]["rules"]
    ends = {
        code for it in rules if it["action"] == "FailJob" for code in it["onExitCodes"]["values"]
    }
    plans = sweep.new_folder("damaged")
    (plans / "plan.json").write_bytes(sweep.plan.read_bytes()[:-100])
    blocked = sweep.folder / "blocked"
    blocked.write_text("a file in the place of a folder\n")
    for what, folders, is_final in (
        ("a damaged plan", {"plan": plans, "results": sweep.folder / "unused"}, True),
        (
            "a folder that cannot be written to",
            {"plan": sweep.plan.parent, "results": blocked},
            False,
        ),
    ):
        code = run(command_of(job, folders, sweep), JOB_COMPLETION_INDEX="0").returncode
        expect(code != 0, f"{what} is no failure")
        ending = "ends the Job" if code in ends else "is tried again"
        expect((code in ends) == is_final, f"{what} (exit code {code}) {ending}")
    other = run([sweep.program, "check", sweep.plan], JOB_COMPLETION_INDEX="0").returncode
    expect(other in ends, f"an invalid scenario (exit code {other}) does not end the Job")
