package io.pgbackup.doctor;

import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.RestorePlan;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.open.Stores;
import io.pgbackup.store.probe.Answer;
import io.pgbackup.store.probe.BareStore;
import io.pgbackup.store.probe.Condition;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/// Whether the credentials of a cluster's copy could write into the archive that the copy is made
/// of: tried, without changing anything.
public final class SourceGuard {
  private SourceGuard() {}

  /// @param own where the copy will write, with its own credential
  /// @param reading the same with the credential that reads the archive
  /// @param source read with the latter
  /// @param copy whose credentials they are
  /// @throws PgBackupException `Refused` if one may write there; `Misconfigured` if the store does
  ///   not know it, or the copy's own may not list its folder
  public static void check(
      StorageConfig own,
      StorageConfig reading,
      ObjectStore source,
      RestorePlan plan,
      ClusterId copy) {
    PrefixTemplate template = new PrefixTemplate(own.prefix());
    String folder =
        (template.isLiteral() ? PrefixTemplate.DEFAULT : template).clusterFolder(copy).path();
    ClusterId of = plan.lineage().cluster();
    if (!"s3".equals(own.url().getScheme())) {
      throw mayWrite(Whose.OWN, of, own.url() + " knows no credentials", copy).asException();
    }
    ArchiveLayout layout = new ArchiveLayout(plan.lineage().prefix());
    List<ObjectKey> keys = List.of(layout.claim(), layout.sentinel(plan.backup().name()));
    try (BareStore store = Stores.bare(own)) {
      refuseWriter(Whose.OWN, store, source, keys, of, copy);
      requireFolder(store, of, copy, folder);
    }
    if (!reading.credentials().equals(own.credentials())) {
      try (BareStore store = Stores.bare(reading)) {
        refuseWriter(Whose.READING, store, source, keys, of, copy);
      }
    }
  }

  /// Which credential is meant.
  enum Whose {
    OWN("this cluster's own credential"),
    READING("the credential that reads the source");

    private final String words;

    Whose(String words) {
      this.words = words;
    }

    /// How such a one is issued.
    private String next(ClusterId source, ClusterId copy) {
      ClusterId cluster = this == OWN ? copy : source;
      return "Give it another: 'pgbackup credentials issue --namespace %s --cluster %s --role %s', or docs/credentials.md."
          .formatted(cluster.namespace(), cluster.name(), this == OWN ? "archiver" : "restorer");
    }
  }

  /// @param keys of objects that nobody but the archive's own server writes: whoever restores
  ///   writes leases
  static void refuseWriter(
      Whose whose,
      BareStore store,
      ObjectStore source,
      List<ObjectKey> keys,
      ClusterId of,
      ClusterId copy) {
    ObjectKey key = standing(source, keys);
    // what stands there, and only if nothing stands there: it can change nothing
    Answer<?> put = store.put(key, content(source, key), Condition.ABSENT);
    if (put.ok() || put.isPrecondition()) {
      throw mayWrite(whose, of, "it may write " + key, copy).asException();
    }
    if (put.isStranger()) {
      throw Problem.misconfigured(
              "the store does not know %s (%s)".formatted(whose.words, put.words()),
              "Look whether it is the right key, and whether it has ended.")
          .asException();
    }
    if (!put.isForbidden()) {
      throw Problem.storageUnavailable(
              "cannot tell whether %s may write %s: %s".formatted(whose.words, key, put.words()),
              "Try again.")
          .asException();
    }
  }

  static void requireFolder(BareStore store, ClusterId of, ClusterId copy, String folder) {
    Answer<?> list = store.list(folder);
    if (!list.ok()) {
      throw Problem.misconfigured(
              "%s may not list its folder %s (%s)".formatted(Whose.OWN.words, folder, list.words()),
              Whose.OWN.next(of, copy))
          .asException();
    }
  }

  private static Problem mayWrite(Whose whose, ClusterId source, String why, ClusterId copy) {
    return Problem.refused(
        "%s could destroy the backups of %s: %s".formatted(whose.words, source, why),
        whose.next(source, copy));
  }

  private static ObjectKey standing(ObjectStore source, List<ObjectKey> keys) {
    return keys.stream()
        .filter(key -> source.head(key).isPresent())
        .findFirst()
        .orElseThrow(
            () ->
                Problem.notFound(
                        "%s is gone".formatted(keys.getLast()),
                        "Somebody deletes there; look at what is left.")
                    .asException());
  }

  private static byte[] content(ObjectStore source, ObjectKey key) {
    try (InputStream in = source.open(key)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw Problem.storageUnavailable(
              "%s cannot be read: %s".formatted(key, e.getMessage()), "Try again.")
          .causedBy(e);
    }
  }
}
