package io.pgbackup.credentials.broker;

import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.broker.Broker.Holder;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Keeps one output supplied, one step at a time. What is in use stays until the next one was
/// issued and has passed its test.
///
/// [#step] belongs to one thread; the rest is thread-safe.
final class Renewal {
  private final RenewedOutput output;
  private final Holders inventory;
  private final Broker broker;
  private final InstantSource clock;
  private final RenewalListener listener;
  private final AtomicLong failed = new AtomicLong();
  private volatile @Nullable CredentialDocument inUse;
  private int failedInARow;

  Renewal(
      RenewedOutput output,
      Holders inventory,
      Broker broker,
      InstantSource clock,
      RenewalListener listener) {
    this.output = output;
    this.inventory = inventory;
    this.broker = broker;
    this.clock = clock;
    this.listener = listener;
  }

  RenewedOutput output() {
    return output;
  }

  /// When the one in use ends; empty where there is none, or it does not expire.
  Optional<Instant> expiration() {
    return Optional.ofNullable(inUse).flatMap(CredentialDocument::expiration);
  }

  long failures() {
    return failed.get();
  }

  /// Renews it if that is due, or if the store ended the one that lies there.
  ///
  /// @return how long to wait until the next step
  Duration step() {
    try {
      Optional<Instant> due = renewIfDue();
      failedInARow = 0;
      return RenewalSchedule.untilNextLook(due, clock.instant());
    } catch (RuntimeException e) {
      failed.incrementAndGet();
      failedInARow++;
      listener.failed(output, e);
      return RenewalSchedule.retry(failedInARow, expiration(), clock.instant());
    }
  }

  private Optional<Instant> renewIfDue() {
    Optional<CredentialDocument> lying = output.sink().current().filter(this::isOurs);
    if (lying.isEmpty()) {
      return publish(issue());
    }
    inUse = lying.get();
    Optional<Instant> due = due(lying.get());
    if (due.isEmpty()) {
      return replaceIfChanged(lying.get());
    }
    boolean lasts = due.get().isAfter(clock.instant()) && !broker.hasEnded(lying.get());
    return lasts ? due : publish(issue());
  }

  /// What does not expire was made by hand, so by hand it changes.
  private Optional<Instant> replaceIfChanged(CredentialDocument lying) {
    CredentialDocument now = issue();
    return now.keys().equals(lying.keys()) && now.expiration().isEmpty()
        ? Optional.empty()
        : publish(now);
  }

  private CredentialDocument issue() {
    return broker.issue(holder(), output.role(), output.timeToLive());
  }

  private Optional<Instant> publish(CredentialDocument issued) {
    output.sink().write(issued);
    inUse = issued;
    listener.renewed(output, issued);
    return due(issued);
  }

  /// What is known to be ours is not looked up again.
  private boolean isOurs(CredentialDocument document) {
    return document.equals(inUse) || isFor(holder(), document);
  }

  private Holder holder() {
    return inventory.find(output.cluster(), output.uid());
  }

  /// Otherwise the configuration has changed, and what lies there must not stay.
  private boolean isFor(Holder holder, CredentialDocument document) {
    return document.role() == output.role()
        && document.bucket().equals(holder.scope().bucket())
        && document.folder().equals(holder.scope().folder());
  }

  private Optional<Instant> due(CredentialDocument document) {
    int spread = (output.sink().name() + document.issuedAt()).hashCode();
    return RenewalSchedule.due(document, Math.floorMod(spread, 1000) / 1000.0);
  }
}
