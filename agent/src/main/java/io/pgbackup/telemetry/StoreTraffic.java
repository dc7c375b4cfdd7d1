package io.pgbackup.telemetry;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/// What went between this process and the store: how long single requests took, which of them were
/// sent again and why, and how many bytes of objects passed.
///
/// Thread-safe.
public final class StoreTraffic {
  /// Kinds of requests, named as the metric's label has them in lower case.
  public enum Request {
    LIST,
    READ,
    WRITE,
    DELETE
  }

  /// Why a request was sent again, named likewise.
  public enum Reason {
    UNANSWERED,
    THROTTLED,
    FAILED
  }

  private final Timings<Request> durations = new Timings<>(Request.class);
  private final Map<Reason, Long> retries = new EnumMap<>(Reason.class);
  private final LongAdder sent = new LongAdder();
  private final LongAdder read = new LongAdder();

  public StoreTraffic() {
    for (Reason reason : Reason.values()) {
      retries.put(reason, 0L);
    }
  }

  /// @param since [System#nanoTime] when it was sent
  public void answered(Request request, long since) {
    durations.ended(request, since);
  }

  public synchronized void sentAgain(Reason reason) {
    retries.merge(reason, 1L, Long::sum);
  }

  void sent(long bytes) {
    sent.add(bytes);
  }

  void read(long bytes) {
    read.add(bytes);
  }

  /// Kinds that the store never answered are left out.
  public Map<Request, Taken> durations() {
    return durations.taken();
  }

  /// Every reason, also those that never came.
  public synchronized Map<Reason, Long> retries() {
    return new EnumMap<>(retries);
  }

  /// Of objects, those sent again counted once.
  public long bytesSent() {
    return sent.sum();
  }

  public long bytesRead() {
    return read.sum();
  }
}
