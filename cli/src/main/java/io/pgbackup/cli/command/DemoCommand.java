package io.pgbackup.cli.command;

import io.pgbackup.cli.demo.Demo;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "demo",
    description =
        "Show the whole story on this machine: a real PostgreSQL is protected, a table is dropped,"
            + " and brought back to the second before.",
    footer = {
      "",
      "Takes the S3 server that it finds: minio on PATH, or its image in Docker. Without one the",
      "backups go into a directory. Everything lies in one directory below /tmp, listens on",
      "127.0.0.1 only, and is stopped at the end.",
      "",
      "Examples:",
      "  pgbackup demo",
      "  pgbackup demo --stay    and keep it running, to look around",
    })
final class DemoCommand extends Verb {
  @Option(names = "--stay", description = "Keep everything running at the end until Enter.")
  private boolean stay;

  DemoCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  public void run() {
    Runnable untilEnter = () -> surroundings().prompt().pause("Press Enter to stop it. ");
    new Demo(out(), surroundings().environment(), stay ? Optional.of(untilEnter) : Optional.empty())
        .run();
  }
}
