package io.pgbackup.retention;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/// The holds of a lineage, `pgbackup/holds/<id>.json`. Thread-safe.
public final class Holds {
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

  private final ObjectStore store;
  private final Documents documents;
  private final InstantSource clock;

  /// @param doubts those that cannot be understood, in words
  public record Read(List<Hold> holds, List<String> doubts) {
    public Read {
      holds = List.copyOf(holds);
      doubts = List.copyOf(doubts);
    }
  }

  public Holds(ObjectStore store, InstantSource clock) {
    this.store = store;
    this.documents = new Documents(store);
    this.clock = clock;
  }

  /// All that are there, expired ones too.
  public Read read(StoreFolder prefix) {
    List<Hold> holds = new ArrayList<>();
    List<String> doubts = new ArrayList<>();
    for (ObjectKey key : documents.in(new ArchiveLayout(prefix).holds())) {
      documents
          .read(key)
          .ifPresent(
              json -> {
                try {
                  holds.add(RetentionJson.readHold(json));
                } catch (IllegalArgumentException e) {
                  doubts.add("the hold %s cannot be understood: %s".formatted(key, e.getMessage()));
                }
              });
    }
    return new Read(holds, doubts);
  }

  /// @param expiresAt empty: until it is removed
  public Hold add(
      StoreFolder prefix,
      String owner,
      String reason,
      Hold.Held held,
      Optional<Instant> expiresAt) {
    Hold hold =
        new Hold(
            UUID.randomUUID().toString().substring(0, 8),
            owner,
            reason,
            held,
            clock.instant(),
            expiresAt);
    if (store.create(key(prefix, hold.id()), RetentionJson.write(hold), Map.of())
        instanceof CreateOutcome.AlreadyThere) {
      throw Problem.refused("a hold %s is there already".formatted(hold.id()), "Try again.")
          .asException();
    }
    return hold;
  }

  /// @throws io.pgbackup.problem.PgBackupException `NotFound` if there is none of that name,
  ///   `StorageFailed` if the store refuses
  public void remove(StoreFolder prefix, String id) {
    if (!ID.matcher(id).matches() || store.head(key(prefix, id)).isEmpty()) {
      throw Problem.notFound(
              "there is no hold " + id, "'pgbackup hold list' shows those that are there.")
          .asException();
    }
    Map<ObjectKey, String> refused = store.deleteOrExplain(List.of(key(prefix, id)));
    if (!refused.isEmpty()) {
      throw Problem.storageFailed(
              "the hold %s was not removed: %s".formatted(id, refused.values().iterator().next()),
              "Use a credential that may delete, of the role retention.")
          .asException();
    }
  }

  private static ObjectKey key(StoreFolder prefix, String id) {
    return new ArchiveLayout(prefix).holds().key(id + ".json");
  }
}
