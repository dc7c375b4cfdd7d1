package io.pgbackup.cli.command;

import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.view.WindowView;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.walg.Walg;
import io.pgbackup.engine.walg.WalgArchive.Verdict;
import io.pgbackup.engine.walg.WalgArchive.Verification;
import io.pgbackup.problem.Problem;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "window",
    description = "Show exactly which instants can be restored.",
    footer = {
      "",
      "Every instant from 'from' to 'to' can be given to 'restore --timestamp'. The last commit's",
      "own time cannot: nobody can tell yet whether another commit of that instant is missing.",
      "",
      "Examples:",
      "  pgbackup --config agent.yaml window",
      "  pgbackup --store s3://backups window --cluster orders",
      "  pgbackup --config agent.yaml window --wal-verify",
    })
final class WindowCommand extends LineageVerb {
  @Option(
      names = "--wal-verify",
      description = {
        "Then ask 'wal-g wal-verify' whether the archive holds the running server's WAL; status 7 if"
            + " it says that something is lost. For engine.walgBinary of the configuration."
      })
  private boolean walVerify;

  @Option(
      names = "--full-listing",
      description = {
        "List all WAL, one request for each thousand segments, instead of believing the agent's"
            + " index objects: finds a segment that was deleted by hand since the agent listed all."
      })
  private boolean fullListing;

  WindowCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  boolean listsAllWal() {
    return fullListing;
  }

  @Override
  void show(List<LineageCatalog> catalogs) {
    print(
        () -> JsonOutput.render(WindowView.json(catalogs)),
        () -> WindowView.text(catalogs, surroundings().local()));
  }

  @Override
  void judge(Archives archives, List<LineageCatalog> catalogs) {
    if (!walVerify) {
      return;
    }
    PgBackupConfig config = configuration().requireFile("--wal-verify");
    if (catalogs.size() != 1) {
      throw Problem.refused(
              "--wal-verify looks at one lineage, and here are " + catalogs.size(),
              "Choose the running server's with --uid.")
          .asException();
    }
    Verification found =
        verify(config, archives, new ArchiveLayout(catalogs.getFirst().lineage().prefix()));
    String words =
        "wal-g wal-verify: integrity %s, timeline %s"
            .formatted(found.integrity(), found.timeline());
    if (found.integrity() == Verdict.FAILURE || found.timeline() == Verdict.FAILURE) {
      throw Problem.verificationFailed(
              words,
              "Compare with the gaps above; what wal-g says in full, it says when run itself.")
          .asException();
    }
    say(words);
  }

  private static Verification verify(
      PgBackupConfig config, Archives archives, ArchiveLayout layout) {
    Path binary =
        config
            .engine()
            .walgBinary()
            .orElseThrow(
                () ->
                    Problem.misconfigured(
                            "--wal-verify needs wal-g, and engine.walgBinary names none",
                            "Name a wal-g 3 for PostgreSQL there.")
                        .asException());
    try (Walg walg = Walg.open(config, binary)) {
      return walg.archive(archives.store(), layout).verify();
    }
  }
}
