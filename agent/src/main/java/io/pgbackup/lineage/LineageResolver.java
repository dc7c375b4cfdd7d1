package io.pgbackup.lineage;

import static java.util.stream.Collectors.joining;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Finds out, when an agent starts, which lineage its server belongs to, and claims it.
///
/// The identity beside the data decides. Without one (a new standby host, a lost volume) a lineage
/// is adopted only when exactly one of this cluster fits the server's own history. A UID is never
/// invented while the cluster's folder has a lineage of this system identifier, unless the
/// configuration names a new one. The identity is written before the claim, so that a crash in
/// between leaves nothing that the next start could not finish.
///
/// Whoever protects a server on a timeline above 1 then pushes that timeline's history file, which
/// PostgreSQL archived elsewhere or never: the fence wants it first.
public final class LineageResolver {
  private final ClusterId cluster;
  private final Optional<LineageUid> configuredUid;
  private final PrefixTemplate template;
  private final ObjectStore store;
  private final Claims claims;
  private final AdoptionCheck adoption;
  private final Clock clock;

  /// @param configuredUid `cluster.uid`, where it is set: the UID of the first lineage
  public LineageResolver(
      ClusterId cluster,
      Optional<LineageUid> configuredUid,
      PrefixTemplate template,
      ObjectStore store,
      Clock clock) {
    this.cluster = cluster;
    this.configuredUid = configuredUid;
    this.template = template;
    this.store = store;
    this.claims = new Claims(store);
    this.adoption = new AdoptionCheck(store);
    this.clock = clock;
  }

  /// @throws PgBackupException `Refused` if it is not certain whose data these are
  public ProtectedLineage resolve(ServerState server, IdentityFile file) {
    Optional<Identity> standing = file.read();
    standing.ifPresent(identity -> checkIdentity(identity, server, file));
    Identity identity = standing.orElseGet(() -> find(server));
    ArchiveLayout layout = layout(identity, server);
    Optional<Claim> claim = claims.read(layout.prefix());
    if (claim.isEmpty()) {
      adoption.checkUnclaimed(layout, server);
    }
    if (standing.isEmpty()) {
      file.write(identity);
    }
    Claim ours = claim(identity, server);
    return new ProtectedLineage(
        identity,
        claim
            .map(known -> Claims.confirm(layout.prefix(), known, ours))
            .orElseGet(() -> claims.create(layout.prefix(), ours)),
        layout);
  }

  private void checkIdentity(Identity identity, ServerState server, IdentityFile file) {
    if (!identity.systemIdentifier().equals(server.systemIdentifier())) {
      throw refused(
          "%s is of system identifier %s, and the server is of %s"
              .formatted(file.path(), identity.systemIdentifier(), server.systemIdentifier()),
          "If the data directory was made anew, move that file away; a new lineage begins.");
    }
    if (!identity.cluster().equals(cluster)) {
      throw refused(
          "%s names cluster %s, and the configuration names %s"
              .formatted(file.path(), identity.cluster(), cluster),
          "Set cluster.namespace and cluster.name to what the data are, or move that file away to"
              + " begin a new lineage under the new name.");
    }
    // a restore put a child of the configured lineage here, and nobody changed the configuration
    configuredUid
        .filter(uid -> identity.parent().isEmpty() && !uid.equals(identity.uid()))
        .ifPresent(
            uid -> {
              throw refused(
                  "%s names UID %s, and cluster.uid is %s"
                      .formatted(file.path(), identity.uid(), uid),
                  "Leave cluster.uid empty, or move that file away to begin a lineage of that UID.");
            });
  }

  private Identity find(ServerState server) {
    List<Candidate> candidates = candidates(server);
    if (configuredUid.isPresent()) {
      return candidates.stream()
          .map(Candidate::claim)
          .filter(claim -> claim.uid().equals(configuredUid.get()))
          .findFirst()
          .map(LineageResolver::identityOf)
          .orElseGet(() -> found(configuredUid.get(), server));
    }
    if (candidates.isEmpty()) {
      return found(LineageUid.random(), server);
    }
    List<Candidate> fitting =
        candidates.stream()
            .filter(candidate -> adoption.fits(candidate.claim(), candidate.layout(), server))
            .toList();
    if (fitting.size() == 1) {
      return identityOf(fitting.getFirst().claim());
    }
    throw refused(
        "%s of the lineages of %s with system identifier %s can be this server's: %s"
            .formatted(
                fitting.isEmpty() ? "none" : fitting.size(),
                cluster,
                server.systemIdentifier(),
                candidates.stream()
                    .map(candidate -> describe(candidate.claim()))
                    .collect(joining(", "))),
        "Set cluster.uid to the one it is, or to a new UID to begin a new lineage.");
  }

  private Identity found(LineageUid uid, ServerState server) {
    if (server.inRecovery()) {
      // the primary's agent may be about to: no reason to give up
      throw Problem.notFound(
              "the server is a standby, and no lineage of %s with system identifier %s is claimed yet"
                  .formatted(cluster, server.systemIdentifier()),
              "Start the agent beside the primary; this one tries again by itself.")
          .asException();
    }
    return new Identity(cluster, uid, server.systemIdentifier(), Optional.empty());
  }

  private record Candidate(ArchiveLayout layout, Claim claim) {}

  /// Lineages of this cluster, of this server's system identifier and major version.
  private List<Candidate> candidates(ServerState server) {
    return folders().stream()
        .flatMap(
            folder ->
                claims
                    .read(folder)
                    .map(claim -> new Candidate(new ArchiveLayout(folder), claim))
                    .stream())
        .filter(candidate -> candidate.claim().cluster().equals(cluster))
        .filter(candidate -> candidate.claim().systemIdentifier().equals(server.systemIdentifier()))
        .filter(candidate -> candidate.claim().serverVersion().major() == server.version().major())
        .toList();
  }

  /// A literal folder holds one lineage; what restores of it began lies under the default template.
  private List<StoreFolder> folders() {
    List<StoreFolder> own = LineageFolders.find(store, template, cluster);
    return template.isLiteral() ? Stream.concat(own.stream(), successors().stream()).toList() : own;
  }

  private List<StoreFolder> successors() {
    try {
      return LineageFolders.find(store, PrefixTemplate.DEFAULT, cluster);
    } catch (PgBackupException e) {
      if (e.problem() instanceof Problem.StorageFailed failed && !failed.transientFault()) {
        // credentials for the literal folder alone: nothing of this server's can lie elsewhere
        return List.of();
      }
      throw e;
    }
  }

  private ArchiveLayout layout(Identity identity, ServerState server) {
    StoreFolder own = template.expand(cluster, identity.uid(), server.version().major());
    boolean taken = template.isLiteral() && identity.parent().isPresent() && isTaken(own, identity);
    return new ArchiveLayout(
        taken
            ? PrefixTemplate.DEFAULT.expand(cluster, identity.uid(), server.version().major())
            : own);
  }

  /// Whether a literal folder holds what this lineage descends from, or somebody else's.
  private boolean isTaken(StoreFolder folder, Identity identity) {
    return claims
        .read(folder)
        .map(claim -> !claim.uid().equals(identity.uid()))
        .orElseGet(() -> adoption.holdsAnything(new ArchiveLayout(folder)));
  }

  private Claim claim(Identity identity, ServerState server) {
    return new Claim(
        identity.cluster(),
        identity.uid(),
        server.systemIdentifier(),
        server.version(),
        server.segmentSize(),
        identity.parent(),
        clock.instant());
  }

  private static Identity identityOf(Claim claim) {
    return new Identity(claim.cluster(), claim.uid(), claim.systemIdentifier(), claim.parent());
  }

  private static String describe(Claim claim) {
    return claim.uid() + " claimed " + claim.claimedAt();
  }

  private static PgBackupException refused(String message, String hint) {
    return Problem.refused(message, hint).asException();
  }
}
