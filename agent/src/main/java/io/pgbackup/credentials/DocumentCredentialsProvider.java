package io.pgbackup.credentials;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.secret.SecretFile;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;

/// The credential in one [CredentialDocument], read again when its file changed. What is held is
/// given up only for a better one: a document that is broken, for another cluster, or older than
/// one that is still valid leaves it in place.
///
/// Thread-safe.
final class DocumentCredentialsProvider implements AwsCredentialsProvider {
  private static final String RENEW =
      "Renew it: 'pgbackup credentials rotate' does. A new file is taken without a restart; until"
          + " then PostgreSQL keeps its WAL.";

  private final Path file;
  private final CredentialScope scope;
  private final InstantSource clock;
  private @Nullable Fingerprint seen;
  private @Nullable Held held;
  private Optional<Problem> fault = Optional.empty();
  private Optional<Problem> passedOver = Optional.empty();

  /// @param refused by the store, as one that it does not know or no longer knows
  private record Held(CredentialDocument document, AwsCredentials credentials, boolean refused) {}

  DocumentCredentialsProvider(Path file, CredentialScope scope, InstantSource clock) {
    this.file = file;
    this.scope = scope;
    this.clock = clock;
  }

  /// @throws PgBackupException if there has been none that can be used
  @Override
  public synchronized AwsCredentials resolveCredentials() {
    look(/* anew= */ false);
    Held now = held;
    if (now == null) {
      throw fault.orElseThrow().asException();
    }
    return now.credentials();
  }

  /// The store refused this one; looks at once for another.
  ///
  /// @return whether another one is held now
  synchronized boolean refused(AwsCredentials used) {
    Held now = held;
    if (now == null || !now.credentials().equals(used)) {
      return now != null;
    }
    held = new Held(now.document(), now.credentials(), /* refused= */ true);
    look(/* anew= */ true);
    return held != null && !held.credentials().equals(used);
  }

  /// The store took this one after all.
  synchronized void accepted(AwsCredentials used) {
    Held now = held;
    if (now != null && now.refused() && now.credentials().equals(used)) {
      held = new Held(now.document(), now.credentials(), /* refused= */ false);
    }
  }

  synchronized CredentialState state() {
    look(/* anew= */ false);
    Held now = held;
    if (now == null) {
      return new CredentialState(
          Optional.empty(), Optional.empty(), Optional.empty(), /* expired= */ false, fault);
    }
    CredentialDocument document = now.document();
    return new CredentialState(
        Optional.of(document.role()),
        Optional.of(document.issuedAt()),
        document.expiration(),
        now.refused() || isPast(document),
        expiry(now).or(() -> fault).or(() -> unfit(document)).or(() -> passedOver));
  }

  /// The one that is held has expired, or the store says so.
  synchronized Optional<Problem> expiry() {
    return Optional.ofNullable(held).flatMap(this::expiry);
  }

  private Optional<Problem> expiry(Held now) {
    CredentialDocument document = now.document();
    if (isPast(document)) {
      return Optional.of(
          Problem.storageUnavailable(
              "credential expired: that of the %s in %s ended at %s%s"
                  .formatted(
                      document.role().word(), file, document.expiration().orElseThrow(), because()),
              RENEW));
    }
    if (!now.refused()) {
      return Optional.empty();
    }
    return Optional.of(
        Problem.storageUnavailable(
            "credential expired: the store refuses that of the %s in %s%s; it was revoked, or its parent is gone%s"
                .formatted(
                    document.role().word(),
                    file,
                    document
                        .expiration()
                        .map(end -> " before its time, " + end)
                        .orElse(", which has no end"),
                    because()),
            RENEW));
  }

  private String because() {
    return fault.map(why -> ", and the file holds no other: " + why.message()).orElse("");
  }

  private Optional<Problem> unfit(CredentialDocument document) {
    return scope
        .role()
        .filter(needed -> document.role() != needed)
        .map(
            needed ->
                Problem.misconfigured(
                    "the credential in %s is the %s's, and the agent needs the %s's"
                        .formatted(file, document.role().word(), needed.word()),
                    "Issue one for the role "
                        + needed.word()
                        + "; with this one the store refuses some of its work."));
  }

  private boolean isPast(CredentialDocument document) {
    return document.expiration().filter(end -> !clock.instant().isBefore(end)).isPresent();
  }

  private void look(boolean anew) {
    try {
      Fingerprint now = Fingerprint.of(file);
      if (!anew && now.equals(seen)) {
        return;
      }
      take(read());
      seen = now.isSettled(clock) ? now : null;
      fault = Optional.empty();
    } catch (PgBackupException e) {
      seen = null;
      fault = Optional.of(e.problem());
    }
  }

  private CredentialDocument read() {
    byte[] content = SecretFile.read(file, "credential file");
    CredentialDocument document;
    try {
      document = CredentialDocument.parse(content);
    } catch (IllegalArgumentException e) {
      // It may be half written, so it may pass. The parser's message shows no value.
      throw Problem.storageUnavailable(
              "the credential file %s cannot be used: %s".formatted(file, e.getMessage()),
              "Write the whole document beside it and rename it, as 'pgbackup credentials' does.")
          .asException();
    }
    scope
        .mismatch(document)
        .ifPresent(
            other -> {
              throw Problem.misconfigured(
                      "the credential in %s %s".formatted(file, other),
                      "Name the file of this cluster's own credential in storage.credentials.file,"
                          + " or correct storage.url and storage.prefix.")
                  .asException();
            });
    return document;
  }

  private void take(CredentialDocument next) {
    Held now = held;
    passedOver = Optional.empty();
    if (now == null || (!now.document().equals(next) && isBetter(next, now))) {
      held = new Held(next, credentials(next), /* refused= */ false);
    } else if (next.issuedAt().isAfter(now.document().issuedAt())) {
      passedOver = Optional.of(endsEarlier(next, now));
    }
  }

  private Problem endsEarlier(CredentialDocument next, Held now) {
    return Problem.refused(
        "the newer credential in %s ends at %s, before the one in use, %s, which stays"
            .formatted(
                file, next.expiration().orElseThrow(), now.document().expiration().orElseThrow()),
        "If the one in use must not be used any more, end it ('pgbackup credentials revoke') or"
            + " restart the agent; otherwise issue one that lives longer.");
  }

  /// A Secret's volume may show an older state again for a while.
  private boolean isBetter(CredentialDocument next, Held now) {
    if (now.refused()) {
      return true;
    }
    Optional<Instant> end = now.document().expiration();
    Optional<Instant> nextEnd = next.expiration();
    if (end.isEmpty() || nextEnd.isEmpty() || end.equals(nextEnd)) {
      return !next.issuedAt().isBefore(now.document().issuedAt());
    }
    return nextEnd.get().isAfter(end.get());
  }

  private static AwsCredentials credentials(CredentialDocument document) {
    String id = document.keys().accessKeyId();
    String secret = document.keys().secretAccessKey();
    Optional<String> token = document.keys().sessionToken();
    if (token.isPresent()) {
      AwsSessionCredentials.Builder session =
          AwsSessionCredentials.builder()
              .accessKeyId(id)
              .secretAccessKey(secret)
              .sessionToken(token.get());
      document.expiration().ifPresent(session::expirationTime);
      return session.build();
    }
    return AwsBasicCredentials.create(id, secret);
  }

  @Override
  public String toString() {
    return "DocumentCredentialsProvider(" + file + ")";
  }
}
