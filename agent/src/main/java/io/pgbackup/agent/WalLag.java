package io.pgbackup.agent;

import io.pgbackup.archive.ArchiveStatus;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.jdbc.ArchiverStats;
import java.util.Comparator;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Keeps one [LagTracker] for the current lineage and feeds it with what server, archive and our
/// own pushes say.
///
/// [#update] belongs to one thread; the lag may be read by all.
final class WalLag {
  private final Supplier<Optional<ServerWatch.Seen>> server;
  private final Supplier<Optional<CatalogWatch.Known>> catalog;
  private final Supplier<ArchiveStatus> pushes;
  private final BooleanSupplier stored;
  private final Supplier<Optional<WalStreaming.State>> stream;
  private LagTracker tracker = new LagTracker();
  private @Nullable LineageUid uid;
  private volatile Optional<LagTracker.Lag> lag = Optional.empty();

  /// @param stored whether WAL is stored at all
  /// @param stream what is known of the stream, where WAL is streamed
  WalLag(
      Supplier<Optional<ServerWatch.Seen>> server,
      Supplier<Optional<CatalogWatch.Known>> catalog,
      Supplier<ArchiveStatus> pushes,
      BooleanSupplier stored,
      Supplier<Optional<WalStreaming.State>> stream) {
    this.server = server;
    this.catalog = catalog;
    this.pushes = pushes;
    this.stored = stored;
    this.stream = stream;
  }

  /// Empty where the server does not tell, where the archive does not and nothing waits, where WAL
  /// is let go, and on a standby that does not archive.
  Optional<LagTracker.Lag> lag() {
    return lag;
  }

  /// Whether WAL of this server waits for the store where it is not there: also of one that does
  /// not answer, but not where WAL is let go, nor on a standby that does not archive, nor where the
  /// archive has not been read and the server says that nothing waits.
  boolean concerned() {
    return stored.getAsBoolean() && server.get().map(this::mayWait).orElse(true);
  }

  private boolean mayWait(ServerWatch.Seen now) {
    return archives(now)
        && (catalog.get().isPresent()
            || stream.get().isPresent()
            || now.stats().oldestWaiting().isPresent());
  }

  private static boolean archives(ServerWatch.Seen now) {
    return now.primary() || now.facts().archives();
  }

  void update() {
    Optional<ServerWatch.Seen> seen = server.get().filter(WalLag::archives);
    Optional<CatalogWatch.Known> known = catalog.get();
    if (seen.isEmpty()) {
      lag = Optional.empty();
      return;
    }
    if (!stored.getAsBoolean()) {
      lag = Optional.empty();
      tracker = new LagTracker();
      return;
    }
    if (known.isEmpty()) {
      lag = marked(seen.get().stats());
      return;
    }
    if (!known.get().uid().equals(uid)) {
      uid = known.get().uid();
      tracker = new LagTracker();
    }
    Optional<WalStreaming.State> streamed = stream.get();
    lag =
        Optional.of(
            streamed.isPresent()
                ? tracker.observeStream(
                    seen.get().stats(), stored(known.get(), seen.get(), streamed.get()))
                : tracker.observe(seen.get().stats(), stored(known.get(), seen.get())));
  }

  /// What the server itself says waits, where the archive has not been read: the agent may have
  /// been started while the store was away, which must not keep anybody from hearing of it.
  private Optional<LagTracker.Lag> marked(ArchiverStats stats) {
    return stats
        .oldestWaiting()
        .filter(_ -> stream.get().isEmpty())
        .map(_ -> new LagTracker.Lag(stats.lag(), stats.lagBytes()));
  }

  private Optional<Lsn> stored(
      CatalogWatch.Known known, ServerWatch.Seen seen, WalStreaming.State streamed) {
    return Stream.concat(stored(known, seen).stream(), streamed.stored().stream())
        .max(Comparator.naturalOrder());
  }

  private Optional<Lsn> stored(CatalogWatch.Known known, ServerWatch.Seen seen) {
    return Stream.concat(listed(known.catalog()).stream(), pushed(known, seen).stream())
        .map(WalSegment::end)
        .max(Comparator.naturalOrder());
  }

  /// The newest segment on the path; what another timeline holds further on is not this server's.
  private static Optional<WalSegment> listed(LineageCatalog catalog) {
    return catalog.segments().newestAlong(catalog.path());
  }

  /// What was stored since the archive was listed.
  private Optional<WalSegment> pushed(CatalogWatch.Known known, ServerWatch.Seen seen) {
    return pushes
        .get()
        .last()
        .filter(last -> last.at().isAfter(known.readAt()))
        .map(ArchiveStatus.Archived::name)
        .filter(WalFileName.Segment.class::isInstance)
        .map(name -> WalSegment.parse(name.text(), known.catalog().segmentSize()))
        .filter(segment -> segment.timeline().equals(seen.facts().timeline()));
  }
}
