package io.pgbackup.catalog;

import io.pgbackup.catalog.WalListing.WalObject;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Optional;
import java.util.SortedSet;
import java.util.stream.Stream;

/// Reads history files, each version once. Thread-safe.
final class Histories {
  /// They grow by one short line for each promotion.
  private static final int GREATEST = 16 << 20;

  private final ObjectStore store;
  private final ObjectCipher cipher;
  private final VersionedCache<TimelineHistory> cache = new VersionedCache<>();

  Histories(ObjectStore store, ObjectCipher cipher) {
    this.store = store;
    this.cipher = cipher;
  }

  /// The way to the newest timeline that has a history file; without any, the newest that has a
  /// segment.
  TimelineHistory pathToNewest(WalFolder wal) {
    if (wal.histories().isEmpty()) {
      SortedSet<Timeline> timelines = wal.segments().timelines();
      return TimelineHistory.root(timelines.isEmpty() ? Timeline.FIRST : timelines.last());
    }
    return find(wal.histories().lastEntry().getValue());
  }

  /// The way to one timeline; empty where the archive has nothing of it.
  Optional<TimelineHistory> pathTo(
      Timeline timeline, WalFolder wal, Collection<BaseBackup> backups) {
    WalObject history = wal.histories().get(timeline.toHex() + ".history");
    if (history != null) {
      return Optional.of(find(history));
    }
    return Stream.concat(
            wal.segments().timelines().stream(), backups.stream().map(BaseBackup::timeline))
        .filter(timeline::equals)
        .findFirst()
        .map(TimelineHistory::root);
  }

  /// One history file's content.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if it is none, or no key to
  ///   read it is at hand
  TimelineHistory find(WalObject history) {
    return cache.find(history.object()).orElseGet(() -> read(history));
  }

  private TimelineHistory read(WalObject object) {
    String key = object.object().key().value();
    try (InputStream stored = store.open(object.object().key())) {
      byte[] content =
          object
              .packing(cipher)
              .unpack(stored, key, GREATEST, Packing.writtenWith(store, object.object().key()));
      TimelineHistory history =
          TimelineHistory.parse(
              Timeline.parseHex(object.name().text().substring(0, 8)),
              new String(content, StandardCharsets.ISO_8859_1));
      cache.put(object.object(), history);
      return history;
    } catch (IOException e) {
      throw Problem.readingBrokeOff(key, e);
    } catch (IllegalArgumentException e) {
      throw Problem.verificationFailed(
              key + " is no history file: " + e.getMessage(),
              "Without it nobody knows how the timeline began; look at the object.")
          .causedBy(e);
    }
  }
}
