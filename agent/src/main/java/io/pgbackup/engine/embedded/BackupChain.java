package io.pgbackup.engine.embedded;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.DeltaOrigin;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A backup and all that it stands on.
///
/// @param links the full backup first, the wanted one last; never empty
record BackupChain(List<Link> links) {
  record Link(BackupName name, Sentinel sentinel) {}

  BackupChain {
    links = List.copyOf(links);
  }

  /// Follows each delta to its parent.
  ///
  /// @throws PgBackupException `NotFound` if there is no such backup, `VerificationFailed` if a
  ///   parent is missing or is not the backup that the delta was made on
  static BackupChain read(BackupName newest, BackupDocuments documents) {
    List<Link> links = new ArrayList<>();
    Set<BackupName> seen = new HashSet<>();
    Link link =
        new Link(
            newest,
            documents
                .sentinel(newest)
                .orElseThrow(
                    () ->
                        Problem.notFound(
                                "there is no base backup " + newest,
                                "List the base backups and choose one of them.")
                            .asException()));
    links.addFirst(link);
    seen.add(newest);
    while (link.sentinel().delta().isPresent()) {
      link = parent(link, link.sentinel().delta().get(), documents);
      if (!seen.add(link.name())) {
        throw broken(newest, "its chain comes back to " + link.name());
      }
      links.addFirst(link);
    }
    requireSameFull(links);
    return new BackupChain(links);
  }

  Link newest() {
    return links.getLast();
  }

  private static Link parent(Link child, DeltaOrigin origin, BackupDocuments documents) {
    Sentinel parent =
        documents
            .sentinel(origin.parent())
            .orElseThrow(
                () ->
                    broken(
                        child.name(),
                        "it stands on " + origin.parent() + ", which is not in the archive"));
    if (parent.startLsn().filter(start -> !start.equals(origin.lsn())).isPresent()) {
      throw broken(
          child.name(),
          "it stands on a backup %s that began at %s, and the one of that name began at %s"
              .formatted(origin.parent(), origin.lsn(), parent.startLsn().get()));
    }
    var ours = child.sentinel().systemIdentifier();
    var theirs = parent.systemIdentifier();
    if (ours.isPresent() && theirs.isPresent() && !ours.equals(theirs)) {
      throw broken(
          child.name(),
          "it is of system identifier %s, and its parent %s of %s"
              .formatted(ours.get(), origin.parent(), theirs.get()));
    }
    return new Link(origin.parent(), parent);
  }

  private static void requireSameFull(List<Link> links) {
    BackupName full = links.getFirst().name();
    for (Link link : links) {
      Optional<BackupName> expected = link.sentinel().delta().map(DeltaOrigin::full);
      if (expected.filter(name -> !name.equals(full)).isPresent()) {
        throw broken(
            link.name(),
            "it stands on the full backup " + expected.get() + ", and its chain ends at " + full);
      }
    }
  }

  private static PgBackupException broken(BackupName delta, String reason) {
    return Problem.verificationFailed(
            "the delta backup " + delta + " cannot be restored: " + reason,
            "Choose a backup that does not need it; 'pgbackup backups' lists them.")
        .asException();
  }
}
