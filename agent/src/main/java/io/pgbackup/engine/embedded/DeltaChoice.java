package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.embedded.BackupChain.Link;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine.DeltaRules;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupMetadata;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.DeltaOrigin;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Chooses what a delta stands on, by WAL-G's rules and some more: WAL-G compares no timelines, and
/// looks neither whether the parent is whole nor how the server's pages were kept then.
public final class DeltaChoice {
  private static final Logger LOG = LoggerFactory.getLogger(DeltaChoice.class);

  private final ObjectStore store;
  private final ArchiveLayout layout;
  private final BackupDocuments documents;
  private final ParentControlFile controlFiles;
  private final DeltaRules rules;
  private final Optional<String> hostname;

  private DeltaChoice(
      ObjectStore store,
      ArchiveLayout layout,
      BackupDocuments documents,
      ParentControlFile controlFiles,
      DeltaRules rules,
      Optional<String> hostname) {
    this.store = store;
    this.layout = layout;
    this.documents = documents;
    this.controlFiles = controlFiles;
    this.rules = rules;
    this.hostname = hostname;
  }

  /// @param cipher with the keys to read the parent with
  public static DeltaChoice in(
      ObjectStore store, ArchiveLayout layout, ObjectCipher cipher, DeltaRules rules) {
    var documents = new BackupDocuments(store, layout, cipher);
    return new DeltaChoice(
        store,
        layout,
        documents,
        new ParentControlFile(store, documents, cipher),
        rules,
        Optional.empty());
  }

  /// @param host of the server, as sentinels name it: a parent that was taken on another one, of a
  ///   standby perhaps, proves nothing of this server's files
  public DeltaChoice on(String host) {
    return new DeltaChoice(store, layout, documents, controlFiles, rules, Optional.of(host));
  }

  /// The backup to stand on, for an engine that leaves the rest to another program.
  ///
  /// @return nothing for a full backup
  /// @throws PgBackupException `Refused` or `VerificationFailed` where a delta is demanded and
  ///   there can be none
  public Optional<BackupName> parent(BackupRequest request, ServerFacts facts, Path dataDirectory) {
    return choose(request, facts, dataDirectory).map(base -> base.origin().parent());
  }

  /// @return nothing for a full backup
  /// @throws PgBackupException `Refused` or `VerificationFailed` where a delta is demanded and
  ///   there can be none
  Optional<DeltaBase> choose(BackupRequest request, ServerFacts facts, Path dataDirectory) {
    boolean wanted =
        switch (request.kind()) {
          case FULL -> false;
          case DELTA -> true;
          case CONFIGURED -> rules.maxSteps() > 0;
        };
    if (!wanted) {
      return Optional.empty();
    }
    try {
      if (facts.inRecovery()) {
        throw refused("the server is a standby");
      }
      return Optional.of(base(request, new DeltaServer(facts, dataDirectory)));
    } catch (PgBackupException e) {
      if (request.kind() == BackupRequest.Kind.DELTA || !isReason(e.problem())) {
        throw e;
      }
      LOG.atInfo()
          .addKeyValue("reason", e.problem().message())
          .log("a full base backup instead of a delta");
      return Optional.empty();
    }
  }

  /// Whether a full backup is the answer, rather than another attempt.
  private static boolean isReason(Problem problem) {
    return problem instanceof Problem.Refused || problem instanceof Problem.VerificationFailed;
  }

  private DeltaBase base(BackupRequest request, DeltaServer server) {
    BackupName latest = latest(store, layout);
    BackupChain chain = BackupChain.read(latest, documents);
    for (Link link : chain.links()) {
      if (documents.isWithdrawn(link.name())) {
        throw refused("%s was withdrawn".formatted(link.name()));
      }
    }
    int count = chain.newest().sentinel().delta().map(DeltaOrigin::count).orElse(0) + 1;
    if (request.kind() == BackupRequest.Kind.CONFIGURED && count > rules.maxSteps()) {
      throw refused(
          "%s is delta %d in a row, as many as backup.deltaMaxSteps allows"
              .formatted(latest, count - 1));
    }
    requireSamePermanence(request, latest);
    List<Link> links =
        switch (rules.origin()) {
          case LATEST -> chain.links();
          case LATEST_FULL -> chain.links().subList(0, 1);
        };
    Link parent = links.getLast();
    Sentinel sentinel = parent.sentinel();
    Lsn start = required(sentinel.startLsn(), parent.name());
    Lsn finish = required(sentinel.finishLsn(), parent.name());
    Instant began = required(sentinel.startTime(), parent.name());
    server.requireSamePages(controlFiles.read(parent.name()), parent.name());
    server.requireSameHistory(parent.name(), finish);
    for (Link link : links) {
      requireParts(link.name());
    }
    ParentFiles files = ParentFiles.read(parent, documents);
    files.requireTars(documents.tars(parent.name()));
    boolean sameServer =
        parent.name().timeline().equals(server.timeline())
            && hostname.map(sentinel.hostname()::equals).orElse(true);
    return new DeltaBase(
        new DeltaOrigin(start, parent.name(), links.getFirst().name(), count),
        finish,
        links.stream().map(Link::name).toList(),
        sameServer,
        sameServer && server.hasRunSince(began),
        began,
        files.byMember());
  }

  /// As WAL-G orders them: by the time that the sentinel was written.
  static BackupName latest(ObjectStore store, ArchiveLayout layout) {
    record Written(BackupName name, StoredObject sentinel) {}
    try (Stream<StoredObject> objects = store.objects(layout.baseBackups(), "base_")) {
      return objects
          .flatMap(
              object ->
                  layout.backupOf(object.key()).map(name -> new Written(name, object)).stream())
          .max(
              Comparator.comparing((Written backup) -> backup.sentinel().modified())
                  .thenComparing(Written::name))
          .map(Written::name)
          .orElseThrow(() -> refused("the archive holds no base backup yet"));
    }
  }

  private void requireSamePermanence(BackupRequest request, BackupName latest) {
    BackupMetadata metadata =
        documents
            .metadata(latest)
            .orElseThrow(() -> refused("%s has no metadata.json".formatted(latest)));
    if (metadata.permanent()
        && !request.permanent()
        && rules.origin() == DeltaRules.Origin.LATEST) {
      throw refused("%s is permanent, and what stands on it would have to be".formatted(latest));
    }
  }

  private void requireParts(BackupName name) {
    if (documents.tars(name).isEmpty()) {
      throw refused("the parts of %s are gone".formatted(name));
    }
  }

  private static <T> T required(Optional<T> bound, BackupName name) {
    return bound.orElseThrow(
        () ->
            refused(
                "the sentinel of %s does not say where and when it began and where it ended"
                    .formatted(name)));
  }

  static PgBackupException refused(String reason) {
    return Problem.refused("there can be no delta: " + reason, "Take a full backup with --full.")
        .asException();
  }
}
