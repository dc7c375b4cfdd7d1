package io.pgbackup.doctor;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.Claims;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.postgres.ControlFile;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Whose data these are: the directory, the identity beside it and the claim in the store must be
/// of one server and one lineage.
final class OwnData {
  private final Path directory;
  private final ClusterId cluster;
  private final PgBackupConfig config;
  private final Supplier<ObjectStore> store;

  OwnData(PgBackupConfig config, Supplier<ObjectStore> store) {
    this.config = config;
    this.directory = config.postgres().dataDirectory();
    this.cluster = new ClusterId(config.cluster().namespace(), config.cluster().name());
    this.store = store;
  }

  Outcome directory(ServerFacts facts) {
    ControlFile control;
    try {
      control = ControlFile.parse(Files.readAllBytes(directory.resolve(ControlFile.PATH)));
    } catch (IOException | IllegalArgumentException e) {
      return Outcome.fail(
          Problem.misconfigured(
              "%s cannot be read: %s".formatted(directory.resolve(ControlFile.PATH), e),
              "Set postgres.dataDirectory to the server's data directory, and run pgbackup as a user"
                  + " that reads it, the server's own for instance."));
    }
    if (!control.systemIdentifier().equals(facts.systemIdentifier())) {
      return Outcome.fail(
          Problem.refused(
              "%s is the data directory of another server: its system identifier is %s, that of the server that answers is %s"
                  .formatted(directory, control.systemIdentifier(), facts.systemIdentifier()),
              "Correct postgres.dataDirectory (the server has %s), or postgres.host and postgres.port."
                  .formatted(facts.dataDirectory())));
    }
    return Outcome.pass("%s is this server's, and readable".formatted(directory));
  }

  Outcome tablespaces(Map<String, Path> tablespaces) {
    if (tablespaces.isEmpty()) {
      return Outcome.pass("none");
    }
    List<String> unreadable =
        tablespaces.entrySet().stream()
            .filter(tablespace -> !Files.isReadable(tablespace.getValue()))
            .map(tablespace -> tablespace.getKey() + " (" + tablespace.getValue() + ")")
            .sorted()
            .toList();
    if (!unreadable.isEmpty()) {
      return Outcome.fail(
          Problem.misconfigured(
              "tablespaces that cannot be read here: " + String.join(", ", unreadable),
              "Mount them where the agent runs, under the same paths; otherwise base backups fail."));
    }
    return Outcome.pass(
        tablespaces.keySet().stream().sorted().collect(Collectors.joining(", "))
            + ": restored with --tablespace NAME=DIR, not in place");
  }

  Outcome lineage(ServerFacts facts) {
    IdentityFile file = IdentityFile.beside(directory);
    Optional<Identity> found = file.read();
    if (found.isEmpty()) {
      return Outcome.warn(
          "no lineage yet: there is no " + file.path(),
          "The agent writes it when it first runs; if it was removed, restart the agent.");
    }
    Identity identity = found.get();
    if (!identity.systemIdentifier().equals(facts.systemIdentifier())) {
      return Outcome.fail(
          Problem.refused(
              "%s is of system identifier %s, and the server is of %s"
                  .formatted(file.path(), identity.systemIdentifier(), facts.systemIdentifier()),
              "If the data directory was made anew, move that file away; a new lineage begins."));
    }
    if (!identity.cluster().equals(cluster)) {
      return Outcome.fail(
          Problem.refused(
              "%s names cluster %s, and the configuration names %s"
                  .formatted(file.path(), identity.cluster(), cluster),
              "Correct cluster.namespace and cluster.name, or move that file away to begin a new"
                  + " lineage."));
    }
    return claimed(identity, facts);
  }

  private Outcome claimed(Identity identity, ServerFacts facts) {
    Claims claims = new Claims(store.get());
    Optional<Claim> other = Optional.empty();
    StoreFolder first = StoreFolder.ROOT;
    for (StoreFolder folder : folders(identity, facts).toList()) {
      first = first.equals(StoreFolder.ROOT) ? folder : first;
      Optional<Claim> claim = claims.read(folder);
      if (claim.filter(it -> isOf(it, identity)).isPresent()) {
        return Outcome.pass("lineage %s, claimed in %s".formatted(identity.uid(), folder));
      }
      other = other.or(() -> claim);
    }
    if (other.isPresent()) {
      return Outcome.fail(
          Problem.refused(
              "%s is claimed by %s with UID %s and system identifier %s, and the data here are of UID %s"
                  .formatted(
                      new ArchiveLayout(first).claim(),
                      other.get().cluster(),
                      other.get().uid(),
                      other.get().systemIdentifier(),
                      identity.uid()),
              "Two servers must never write into one folder: give this one another cluster.name or"
                  + " storage.prefix."));
    }
    return Outcome.warn(
        "lineage %s is not claimed in %s yet".formatted(identity.uid(), first),
        "The agent claims it when it starts; if it runs already, this may be another bucket than"
            + " its own.");
  }

  private static boolean isOf(Claim claim, Identity identity) {
    return claim.cluster().equals(identity.cluster())
        && claim.uid().equals(identity.uid())
        && claim.systemIdentifier().equals(identity.systemIdentifier());
  }

  /// A literal folder holds one lineage; what a restore of it began lies under the default
  /// template.
  private Stream<StoreFolder> folders(Identity identity, ServerFacts facts) {
    PrefixTemplate template = new PrefixTemplate(config.storage().prefix());
    Stream<PrefixTemplate> templates =
        template.isLiteral() && identity.parent().isPresent()
            ? Stream.of(template, PrefixTemplate.DEFAULT)
            : Stream.of(template);
    return templates.map(it -> it.expand(cluster, identity.uid(), facts.version().major()));
  }
}
