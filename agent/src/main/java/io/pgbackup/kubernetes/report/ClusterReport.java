package io.pgbackup.kubernetes.report;

import io.pgbackup.config.PgBackupConfig.KubernetesConfig;
import io.pgbackup.lineage.Claim;
import io.pgbackup.page.Headline;
import io.pgbackup.status.StatusSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Tells Kubernetes how the agent gets on: the cluster's record in a ConfigMap, where this is the
/// primary's agent, and Events about its pod. Nothing waits for it, and nothing it meets is a
/// failure of the agent's.
///
/// Thread-safe.
public final class ClusterReport implements AutoCloseable {
  private static final Duration LOOK = Duration.ofSeconds(5);

  /// How old a record may become while only what passes has changed, and while nothing has.
  private static final Duration CHANGED = Duration.ofMinutes(1);

  private static final Duration UNCHANGED = Duration.ofMinutes(5);
  private static final Duration FAREWELL = Duration.ofSeconds(2);

  private final KubernetesConfig config;
  private final Api api;
  private final Supplier<StatusSnapshot> status;
  private final Supplier<Optional<Claim>> claim;
  private final InstantSource clock;
  private final Instant since;
  private final Channel records = new Channel("the cluster's record");
  private final Channel events = new Channel("events");
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable RecordMap map;
  private final Optional<PodEvents> podEvents;
  private Optional<StatusSnapshot> before = Optional.empty();
  private Optional<ClusterRecord> written = Optional.empty();
  private boolean primary;

  ClusterReport(
      KubernetesConfig config,
      Api api,
      Supplier<StatusSnapshot> status,
      Supplier<Optional<Claim>> claim,
      InstantSource clock) {
    this.config = config;
    this.api = api;
    this.status = status;
    this.claim = claim;
    this.clock = clock;
    this.since = clock.instant();
    this.podEvents =
        config.pod().map(name -> new PodEvents(api, new PodEvents.Pod(name, config.podUid())));
  }

  /// @param status as it is known at any moment, without waiting for anybody
  /// @param claim of the lineage that the data are of
  public static ClusterReport of(
      KubernetesConfig config,
      Supplier<StatusSnapshot> status,
      Supplier<Optional<Claim>> claim,
      InstantSource clock) {
    Api api =
        config
            .apiServer()
            .<Api>map(server -> new HttpApi(server, config.tokenFolder()))
            .orElseGet(NoApi::new);
    return new ClusterReport(config, api, status, claim, clock);
  }

  /// Tells what there is to tell, and returns how long to wait until the next time. Takes up to
  /// half a minute where the API server is slow.
  public Duration look() {
    lock.lock();
    try {
      look(status.get(), clock.instant(), /* ending= */ false);
    } finally {
      lock.unlock();
    }
    return LOOK;
  }

  private void look(StatusSnapshot now, Instant at, boolean ending) {
    now.server().role().ifPresent(role -> primary = role.equals("primary"));
    List<Happening> news = Happening.between(before, now, since);
    before = Optional.of(now);
    podEvents.ifPresent(pod -> tell(pod, news, at));
    if (primary) {
      ClusterRecord record = record(now);
      if (isDue(record, at) && records.isOpen(at)) {
        write(record, /* takesOver= */ !ending && now.server().role().isPresent(), at);
      }
    }
  }

  private void tell(PodEvents pod, List<Happening> news, Instant at) {
    news.forEach(happening -> pod.add(happening, at));
    if (!pod.isEmpty() && events.isOpen(at)) {
      events.attempt(at, () -> pod.send(namespace(), at));
    }
  }

  private boolean isDue(ClusterRecord record, Instant at) {
    if (written.isEmpty() || !written.get().essence().equals(record.essence())) {
      return true;
    }
    Duration age = Duration.between(written.get().updatedAt(), at);
    return age.compareTo(written.get().saysTheSameAs(record) ? UNCHANGED : CHANGED) >= 0;
  }

  /// @param takesOver also the record of another pod, which was promoted perhaps; only by who sees
  ///   that its own server is the primary
  private void write(ClusterRecord record, boolean takesOver, Instant at) {
    if (records.attempt(at, () -> map().write(record, takesOver))) {
      written = Optional.of(record);
    }
  }

  private RecordMap map() throws IOException {
    RecordMap known = map;
    if (known == null) {
      known = new RecordMap(api, namespace(), mapName());
      map = known;
    }
    return known;
  }

  private String namespace() throws IOException {
    return Files.readString(config.tokenFolder().resolve("namespace")).strip();
  }

  private String mapName() {
    return config
        .configMap()
        .or(() -> config.pod().flatMap(ClusterRecord::statefulSetOf).map(ClusterRecord::nameFor))
        .orElseGet(() -> ClusterRecord.nameFor(status.get().cluster().name()));
  }

  private ClusterRecord record(StatusSnapshot now) {
    Headline headline = Headline.of(now);
    Optional<ClusterRecord.Known> lineage =
        claim
            .get()
            .filter(it -> now.uid().equals(Optional.of(it.uid().value())))
            .map(
                it ->
                    new ClusterRecord.Known(
                        it.claimedAt(),
                        it.uid().value(),
                        now.storage().url() + "/" + now.prefix().orElse("")));
    return new ClusterRecord(
        now.cluster().namespace() + "/" + now.cluster().name(),
        config.pod(),
        lineage.map(ClusterRecord.Known::uid),
        lineage.stream().toList(),
        headline.words(),
        headline.detail(),
        now.problems().stream()
            .map(standing -> standing.about() + ": " + standing.problem().message())
            .map(text -> text.replaceAll("\\s+", " "))
            .toList(),
        now.windows().stream()
            .map(window -> new ClusterRecord.Window(window.start(), window.end()))
            .toList(),
        now.lastBackup().map(backup -> new ClusterRecord.At(backup.name(), backup.finishTime())),
        now.archive()
            .lastFile()
            .flatMap(file -> now.archive().lastFileAt().map(at -> new ClusterRecord.At(file, at))),
        now.archive().lagSeconds().map(OptionalDouble::of).orElseGet(OptionalDouble::empty),
        now.version(),
        now.at());
  }

  /// Says that the agent has ended, where that does not take long.
  @Override
  public void close() {
    Thread farewell = Thread.ofVirtual().name("kubernetes-farewell").start(this::farewell);
    try {
      farewell.join(FAREWELL);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    api.close();
  }

  /// A look under way waits for an API server that does not answer.
  private void farewell() {
    if (!lock.tryLock()) {
      return;
    }
    try {
      Instant at = clock.instant();
      StatusSnapshot now = status.get();
      look(now, at, /* ending= */ true);
      if (primary && records.isOpen(at)) {
        write(record(now).stopped(), /* takesOver= */ false, at);
      }
    } finally {
      lock.unlock();
    }
  }
}
