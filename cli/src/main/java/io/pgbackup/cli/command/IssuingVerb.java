package io.pgbackup.cli.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.output.OutputFormat;
import io.pgbackup.cli.view.CredentialView;
import io.pgbackup.config.BrokerSettings;
import io.pgbackup.config.Durations;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.broker.CredentialFile;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.kubernetes.SecretName;
import io.pgbackup.kubernetes.StoreSecret;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// A verb that ends in a new credential, in a file or on standard output. Where it goes is looked
/// at before anything is issued.
abstract class IssuingVerb extends CredentialVerb {
  @Mixin private final HolderOptions holder = new HolderOptions();

  @Option(
      names = "--role",
      paramLabel = "ROLE",
      required = true,
      description = "archiver (an agent's), retention, or restorer.")
  private @Nullable String role;

  @Option(
      names = "--ttl",
      paramLabel = "SPAN",
      description = "How long it lives, as in 45m or 12h; what suits the role if left out.")
  private @Nullable String timeToLive;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description =
          "Where it goes: swapped as a whole, for its owner only, or as well for the group that reads"
              + " the file so far. Standard output if left out.")
  private @Nullable Path out;

  IssuingVerb(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  final List<OutputFormat> formats() {
    return List.of(OutputFormat.JSON, OutputFormat.ENV, OutputFormat.SECRET);
  }

  @Override
  final void run(BrokerSettings settings, Brokerage brokerage) {
    Role wanted = HolderOptions.role(requireNonNull(role));
    Optional<Duration> life =
        Optional.ofNullable(timeToLive)
            .map(text -> value("--ttl", "For example --ttl 2h.", () -> Durations.parse(text)));
    if (format() == OutputFormat.SECRET) {
      var _ = secretName(wanted);
    }
    Optional<CredentialFile> file =
        Optional.ofNullable(out).map(path -> CredentialFile.at(path.toAbsolutePath()));
    file.ifPresent(this::requireOurs);
    Holder whose = brokerage.holder(holder.cluster(), holder.uid());
    CredentialDocument issued = credential(brokerage, whose, wanted, life);
    String form = form(settings, wanted, issued);
    if (file.isPresent()) {
      file.get().replace(form.getBytes(UTF_8));
      say("written to " + file.get().name());
    } else {
      if (surroundings().prompt().isTerminal()) {
        say("WARNING: the secret is on your screen now; --out FILE writes it to a file only");
      }
      print(form);
    }
    say(
        "%s of %s, for %s/%s, %s"
            .formatted(
                wanted.word(),
                whose.cluster(),
                issued.bucket(),
                issued.folder().path(),
                issued.expiration().map(end -> "until " + end).orElse("which does not expire")));
  }

  /// The credential that goes to where the options say.
  abstract CredentialDocument credential(
      Brokerage brokerage, Holder whose, Role wanted, Optional<Duration> life);

  private String form(BrokerSettings settings, Role wanted, CredentialDocument issued) {
    return switch (format()) {
      case TABLE, JSON -> JsonOutput.render(CredentialView.json(issued));
      case ENV -> CredentialView.env(holder.cluster(), issued, settings.storage());
      case SECRET -> new StoreSecret(secretName(wanted), holder.cluster(), issued).manifest();
    };
  }

  private SecretName secretName(Role wanted) {
    return value(
        "-o secret",
        "Use -o json, and put it into a Secret of another name under the key credentials.json.",
        () -> SecretName.of(holder.cluster(), wanted));
  }

  private static <T> T value(String option, String hint, Supplier<T> reader) {
    try {
      return reader.get();
    } catch (IllegalArgumentException e) {
      throw Problem.misconfigured(option + ": " + e.getMessage(), hint).causedBy(e);
    }
  }

  /// A slip in a path must not cost a file that is none of ours, nor a credential that goes
  /// nowhere.
  private void requireOurs(CredentialFile file) {
    if (!Files.isWritable(file.path().resolveSibling("."))) {
      throw Problem.misconfigured(
              "--out: no file can be made in " + file.path().getParent(),
              "The folder must exist, and this user must be able to create files in it.")
          .asException();
    }
    switch (format()) {
      case TABLE, JSON -> {
        var _ = file.current();
      }
      case ENV -> requireHead(file.path(), CredentialView.ENV_HEAD);
      case SECRET -> requireHead(file.path(), StoreSecret.HEAD);
    }
  }

  private static void requireHead(Path file, String head) {
    try {
      String content = Files.readString(file);
      if (!content.isEmpty() && !content.startsWith(head)) {
        throw Problem.refused(
                file + " holds something else than such a credential",
                "Name another file, or move this one away.")
            .asException();
      }
    } catch (NoSuchFileException _) {
      // to be made
    } catch (IOException e) {
      throw Problem.misconfigured(
              "cannot read " + file + ": " + e, "Let this user read and replace the file.")
          .causedBy(e);
    }
  }
}
