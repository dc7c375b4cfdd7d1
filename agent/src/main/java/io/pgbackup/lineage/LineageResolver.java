package io.pgbackup.lineage;

import static java.util.stream.Collectors.joining;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

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
    ArchiveLayout layout = layout(identity.uid(), server);
    Optional<Claim> claim = claims.read(layout.prefix());
    if (claim.isEmpty()) {
      adoption.checkUnclaimed(layout, server);
    }
    if (standing.isEmpty()) {
      file.write(identity);
    }
    return new ProtectedLineage(
        identity, claims.create(layout.prefix(), claim(identity, server)), layout);
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
    List<Claim> candidates = candidates(server);
    if (configuredUid.isPresent()) {
      return candidates.stream()
          .filter(claim -> claim.uid().equals(configuredUid.get()))
          .findFirst()
          .map(LineageResolver::identityOf)
          .orElseGet(() -> found(configuredUid.get(), server));
    }
    if (candidates.isEmpty()) {
      return found(LineageUid.random(), server);
    }
    List<Claim> fitting =
        candidates.stream()
            .filter(claim -> adoption.fits(claim, layout(claim.uid(), server), server))
            .toList();
    if (fitting.size() == 1) {
      return identityOf(fitting.getFirst());
    }
    throw refused(
        "%s of the lineages of %s with system identifier %s can be this server's: %s"
            .formatted(
                fitting.isEmpty() ? "none" : fitting.size(),
                cluster,
                server.systemIdentifier(),
                candidates.stream().map(LineageResolver::describe).collect(joining(", "))),
        "Set cluster.uid to the one it is, or to a new UID to begin a new lineage.");
  }

  private Identity found(LineageUid uid, ServerState server) {
    if (server.inRecovery()) {
      throw refused(
          "the server is a standby, and no lineage of %s with system identifier %s is claimed yet"
              .formatted(cluster, server.systemIdentifier()),
          "Start the agent beside the primary first.");
    }
    return new Identity(cluster, uid, server.systemIdentifier(), Optional.empty());
  }

  /// Lineages of this cluster, of this server's system identifier and major version.
  private List<Claim> candidates(ServerState server) {
    return LineageFolders.find(store, template, cluster).stream()
        .flatMap(folder -> claims.read(folder).stream())
        .filter(claim -> claim.cluster().equals(cluster))
        .filter(claim -> claim.systemIdentifier().equals(server.systemIdentifier()))
        .filter(claim -> claim.serverVersion().major() == server.version().major())
        .toList();
  }

  private ArchiveLayout layout(LineageUid uid, ServerState server) {
    return new ArchiveLayout(template.expand(cluster, uid, server.version().major()));
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
