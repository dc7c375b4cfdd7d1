package io.pgbackup.lineage;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;

/// The claims in a bucket: one small object per lineage, created once and never changed.
/// Thread-safe.
public final class Claims {
  private final ObjectStore store;

  public Claims(ObjectStore store) {
    this.store = store;
  }

  /// @param prefix the lineage's folder
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if the claim is damaged
  public Optional<Claim> read(StoreFolder prefix) {
    ObjectKey key = new ArchiveLayout(prefix).claim();
    return store.head(key).isEmpty() ? Optional.empty() : Optional.of(readExisting(key));
  }

  /// Claims a prefix. Where it is claimed already, the same owner is fine and the standing claim is
  /// returned.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if another owner has it
  public Claim create(StoreFolder prefix, Claim claim) {
    ObjectKey key = new ArchiveLayout(prefix).claim();
    return switch (store.create(key, LineageJson.write(claim), Map.of())) {
      case CreateOutcome.Created _ -> claim;
      case CreateOutcome.AlreadyThere _ -> {
        Claim standing = readExisting(key);
        checkSameOwner(key, standing, claim);
        yield standing;
      }
    };
  }

  /// That a claim which stands is this server's. Nothing is written: beside a standby the
  /// credential may only read.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if another owner has it
  static Claim confirm(StoreFolder prefix, Claim standing, Claim ours) {
    checkSameOwner(new ArchiveLayout(prefix).claim(), standing, ours);
    return standing;
  }

  /// Whether a new lineage may be written there, found out before the work that leads to its claim.
  /// Leaves one small object, since nothing may be deleted.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `StorageFailed` if not
  public void probe(StoreFolder prefix) {
    var _ = store.create(new ArchiveLayout(prefix).probe(), new byte[] {'\n'}, Map.of());
  }

  private Claim readExisting(ObjectKey key) {
    try (InputStream in = store.open(key)) {
      return LineageJson.readClaim(in.readAllBytes());
    } catch (IOException e) {
      throw Problem.storageUnavailable(
              "the claim " + key + " cannot be read: " + e.getMessage(), "Try again.")
          .causedBy(e);
    } catch (IllegalArgumentException e) {
      throw Problem.verificationFailed(
              "the claim " + key + " is damaged: " + e.getMessage(),
              "Nothing is written under a claim that cannot be understood; look at the object.")
          .causedBy(e);
    }
  }

  /// The minor version may change under a claim, nothing else.
  static void checkSameOwner(ObjectKey key, Claim standing, Claim ours) {
    if (standing.cluster().equals(ours.cluster())
        && standing.uid().equals(ours.uid())
        && standing.systemIdentifier().equals(ours.systemIdentifier())
        && standing.serverVersion().major() == ours.serverVersion().major()
        && standing.segmentSize().equals(ours.segmentSize())
        && standing.parent().equals(ours.parent())) {
      return;
    }
    throw Problem.refused(
            "%s is claimed by %s, not by %s".formatted(key, describe(standing), describe(ours)),
            "Two servers must never write into one folder: give this one another cluster name or"
                + " storage.prefix.")
        .asException();
  }

  private static String describe(Claim claim) {
    return "%s with UID %s, system identifier %s, PostgreSQL %d, %d-byte segments%s"
        .formatted(
            claim.cluster(),
            claim.uid(),
            claim.systemIdentifier(),
            claim.serverVersion().major(),
            claim.segmentSize().bytes(),
            claim.parent().map(p -> ", child of " + p.uid()).orElse(""));
  }
}
