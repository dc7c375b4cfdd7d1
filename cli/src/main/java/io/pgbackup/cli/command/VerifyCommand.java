package io.pgbackup.cli.command;

import io.pgbackup.catalog.Lineage;
import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.source.Configuration;
import io.pgbackup.cli.view.VerifyView;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.problem.ExitStatus;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.verify.Selection;
import io.pgbackup.verify.Verifier;
import io.pgbackup.verify.VerifyListener;
import io.pgbackup.verify.VerifyReport;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExitCodeGenerator;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "verify",
    description = {
      "Read every object of a base backup and its WAL, and compare them with what was written.",
      "Needs only to list and to read. Damage is named object by object, and ends in status 7."
    },
    footer = {
      "",
      "Examples:",
      "  pgbackup --config agent.yaml verify",
      "  pgbackup --config agent.yaml verify --all --wal",
      "  pgbackup --store s3://backups verify --cluster orders -o json",
    })
final class VerifyCommand extends Verb implements IExitCodeGenerator {
  @Mixin private final LineageOptions options = new LineageOptions();
  @Mixin private final AsOfOption asOf = new AsOfOption();

  @ArgGroup private final Which which = new Which();

  @Option(
      names = "--wal",
      description =
          "All WAL from the oldest of these backups to the newest segment, and not only what makes"
              + " them consistent.")
  private boolean wal;

  private ExitStatus status = ExitStatus.DONE;

  /// Without either the newest.
  static final class Which {
    @Option(
        names = "--backup",
        paramLabel = "NAME",
        description = "This base backup, and what it stands on; the newest if left out.")
    private @Nullable String name;

    @Option(names = "--all", description = "All of them.")
    private boolean all;

    Selection selection() {
      if (name != null) {
        return new Selection.Named(LineageOptions.value("--backup", name, BackupName::new));
      }
      return all ? new Selection.All() : new Selection.Newest();
    }
  }

  VerifyCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  public void run() {
    Selection selection = which.selection();
    Configuration configuration = options.in(configuration());
    try (Archives archives = Archives.open(configuration, asOf.instant(surroundings()))) {
      List<Lineage> lineages = archives.lineages(options.cluster(configuration), options.uid());
      archives.notices().forEach(this::say);
      Verifier verifier =
          new Verifier(
              archives.store(), archives.cipher(), Runtime.getRuntime().availableProcessors());
      List<VerifyReport> reports = reports(verifier, lineages, selection);
      print(() -> JsonOutput.render(VerifyView.json(reports)), () -> VerifyView.text(reports));
      if (!reports.stream().allMatch(VerifyReport::isSound)) {
        status = ExitStatus.VERIFICATION;
      }
    }
  }

  /// A lineage that does not have what was asked for is passed over where another one has it.
  private List<VerifyReport> reports(
      Verifier verifier, List<Lineage> lineages, Selection selection) {
    List<VerifyReport> reports = new ArrayList<>();
    @Nullable PgBackupException nothing = null;
    for (Lineage lineage : lineages) {
      try {
        reports.add(verifier.verify(lineage, selection, wal, new Words(lineage)));
      } catch (PgBackupException e) {
        if (!(e.problem() instanceof Problem.NotFound)) {
          throw e;
        }
        nothing = e;
      }
    }
    if (reports.isEmpty() && nothing != null) {
      throw nothing;
    }
    return reports;
  }

  private final class Words implements VerifyListener {
    private final Lineage lineage;

    private Words(Lineage lineage) {
      this.lineage = lineage;
    }

    @Override
    public void backup(BackupName name, int tars) {
      say("%s: reading %s (%d tars)".formatted(lineage.cluster(), name, tars));
    }

    @Override
    public void wal(int segments) {
      say("%s: reading %d WAL segments".formatted(lineage.cluster(), segments));
    }
  }

  @Override
  public int getExitCode() {
    return status.code();
  }
}
