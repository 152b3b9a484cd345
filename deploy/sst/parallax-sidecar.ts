/// <reference path="./.sst/platform/config.d.ts" />
// Adds the Parallax agent, as a sidecar, to an SST v3 service. Copy this file beside sst.config.ts; then there:
//
//   const { withParallaxAgent } = await import("./parallax-sidecar");
//   new sst.aws.Service("Api", withParallaxAgent(
//     { cluster, image: { context: "." }, loadBalancer: { rules: [{ listen: "80/http", container: "app" }] } },
//     { image: "ACCOUNT.dkr.ecr.REGION.amazonaws.com/parallax-agent:0.1.0", token: "arn:aws:ssm:..." }));
//
// The agent shares the task's network namespace and listens on its loopback only, where the other containers are too: so
// whoever calls it shows a token. It has no privilege, and a root file system that is read-only. The service does not
// depend on it: when it dies, the task goes on.

const AGENT = "parallax-agent";
const ADDRESS = "127.0.0.1:7411";
const TOKEN = "PARALLAX_AGENT_TOKEN";

export interface ParallaxAgentOptions {
  /** The image of deploy/agent/Containerfile: a reference, or `{ context, dockerfile }` of a checkout of Parallax. */
  image: NonNullable<sst.aws.ServiceArgs["image"]>;
  /** The name of the application's container where `args` has no `containers`; rules of a load balancer name it. */
  app?: string;
  /** The token that callers show, made by `openssl rand -hex 32`: the ARN of an SSM parameter or of a secret. */
  token: $util.Input<string>;
  /** Secrets of the agent's environment: SSM or Secrets Manager ARNs by name. `--password-from env:NAME` finds them. */
  ssm?: Record<string, $util.Input<string>>;
  /** Where each of those may be sent, "HOST:PORT" with a name, an address or a CIDR; to every target without it. */
  only?: Record<string, string>;
}

/** `args` with the agent beside its containers. Its own `transform.taskDefinition` is applied first. */
export function withParallaxAgent(args: sst.aws.ServiceArgs, options: ParallaxAgentOptions): sst.aws.ServiceArgs {
  // SST takes either `containers` or these.
  const { image, command, entrypoint, environment, environmentFiles, health, logging, ssm, volumes, ...shared } = args;
  const app = {
    name: options.app ?? "app",
    image,
    command: command as $util.Input<string[]> | undefined,
    entrypoint,
    environment,
    environmentFiles,
    health,
    logging,
    ssm,
    volumes,
  };
  const transform = args.transform?.taskDefinition;
  // A served agent gives plans no variable that its command line does not name.
  const allowed = Object.keys(options.ssm ?? {}).flatMap((name) => [
    "--allow-secret",
    `env:${name}${options.only?.[name] ? `@${options.only[name]}` : ""}`,
  ]);
  return {
    ...shared,
    containers: [
      ...(args.containers ?? [app]),
      {
        name: AGENT,
        image: options.image,
        memory: "0.125 GB",
        command: ["serve", "--listen", ADDRESS, "--token-from", `env:${TOKEN}`, ...allowed],
        ssm: { ...options.ssm, [TOKEN]: options.token },
        health: {
          command: ["CMD", AGENT, "check", ADDRESS, "--token-from", `env:${TOKEN}`],
          interval: "30 seconds",
          timeout: "5 seconds",
          startPeriod: "5 seconds",
          retries: 3,
        },
      },
    ],
    transform: {
      ...args.transform,
      taskDefinition: (definition, opts, name) => {
        if (typeof transform === "function") transform(definition, opts, name);
        else Object.assign(definition, transform);
        definition.containerDefinitions = $util.output(definition.containerDefinitions).apply(hardened);
      },
    },
  };
}

/** What is changed of an ECS container definition, as it stands in JSON. */
interface ContainerDefinition {
  name: string;
  essential?: boolean;
  user?: string;
  readonlyRootFilesystem?: boolean;
  pseudoTerminal?: boolean;
  stopTimeout?: number;
  linuxParameters?: { initProcessEnabled?: boolean; capabilities?: { drop: string[] } };
  portMappings?: unknown;
  environment?: { name: string; value: string }[];
}

/** The container definitions (JSON) with what SST has no argument for. The others are left as they are. */
function hardened(definitions: string): string {
  const containers: ContainerDefinition[] = JSON.parse(definitions);
  const agent = containers.find(({ name }) => name === AGENT);
  if (agent) {
    agent.essential = false;
    agent.user = "65532:65532";
    agent.readonlyRootFilesystem = true;
    agent.pseudoTerminal = false;
    agent.stopTimeout = 45;
    agent.linuxParameters = { initProcessEnabled: true, capabilities: { drop: ["ALL"] } };
    delete agent.portMappings;
    // What is linked to the service, its secrets included, is not the agent's.
    agent.environment = agent.environment?.filter(({ name }) => !name.startsWith("SST_"));
  }
  return JSON.stringify(containers);
}
