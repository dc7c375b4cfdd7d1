package io.pgbackup.engine.format;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// `metadata.json` of a backup. WAL-G takes from here, not from the sentinel, whether a backup is
/// permanent, its place in the list, the WAL it needs and the user data it is chosen by. WAL-G
/// rewrites it when it marks a backup and drops keys that it does not know.
///
/// Fields mean what they mean in [Sentinel].
public record BackupMetadata(
    Optional<Instant> startTime,
    Optional<Instant> finishTime,
    String hostname,
    String dataDirectory,
    Optional<ServerVersion> serverVersion,
    Lsn startLsn,
    Lsn finishLsn,
    boolean permanent,
    Optional<SystemIdentifier> systemIdentifier,
    long uncompressedSize,
    long compressedSize,
    Optional<JsonNode> userData) {
  private static final String PERMANENT = "is_permanent";

  /// @param name the object's name, for messages
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if these bytes are no such
  ///   document
  public static BackupMetadata read(byte[] json, String name) {
    return Documents.read(json, Document.class, name).orElse(Document.EMPTY).toMetadata(name);
  }

  /// What a sentinel says, for a backup that both describe.
  public static BackupMetadata of(Sentinel sentinel) {
    return new BackupMetadata(
        sentinel.startTime(),
        sentinel.finishTime(),
        sentinel.hostname(),
        sentinel.dataDirectory(),
        sentinel.serverVersion(),
        sentinel.startLsn().orElse(Lsn.ZERO),
        sentinel.finishLsn().orElse(Lsn.ZERO),
        sentinel.permanent(),
        sentinel.systemIdentifier(),
        sentinel.uncompressedSize(),
        sentinel.compressedSize(),
        sentinel.userData());
  }

  /// The document with another mark, and everything else as it stood, unlike WAL-G, which drops the
  /// keys it does not know.
  ///
  /// @param name the object's name, for messages
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if these bytes are no such
  ///   document
  public static byte[] marked(byte[] json, boolean permanent, String name) {
    var _ = read(json, name);
    ObjectNode document =
        Documents.read(json, ObjectNode.class, name)
            .orElseThrow(() -> Documents.unreadable(name, "it is null", null));
    List<String> spellings = new ArrayList<>();
    document.fieldNames().forEachRemaining(spellings::add);
    spellings.removeIf(key -> !key.equalsIgnoreCase(PERMANENT));
    document.remove(spellings);
    document.put(PERMANENT, permanent);
    return Documents.write(document);
  }

  /// The document as WAL-G 3.0.9 would write it, key by key.
  public byte[] toJson() {
    return Documents.write(
        new Document(
            Documents.text(startTime),
            Documents.text(finishTime),
            SentinelDocument.DATE_FORMAT,
            hostname,
            dataDirectory,
            serverVersion.map(ServerVersion::number).orElse(0),
            Documents.number(startLsn.value()),
            Documents.number(finishLsn.value()),
            permanent,
            systemIdentifier.map(id -> Documents.number(id.value())).orElse(null),
            uncompressedSize,
            compressedSize,
            userData.orElse(null)));
  }

  @JsonPropertyOrder({
    "start_time",
    "finish_time",
    "date_fmt",
    "hostname",
    "data_dir",
    "pg_version",
    "start_lsn",
    "finish_lsn",
    "is_permanent",
    "system_identifier",
    "uncompressed_size",
    "compressed_size",
    "user_data"
  })
  record Document(
      @JsonProperty("start_time") @Nullable String startTime,
      @JsonProperty("finish_time") @Nullable String finishTime,
      @JsonProperty("date_fmt") @Nullable String dateFormat,
      @JsonProperty("hostname") @Nullable String hostname,
      @JsonProperty("data_dir") @Nullable String dataDirectory,
      @JsonProperty("pg_version") int pgVersion,
      @JsonProperty("start_lsn") @Nullable BigInteger startLsn,
      @JsonProperty("finish_lsn") @Nullable BigInteger finishLsn,
      @JsonProperty("is_permanent") boolean permanent,
      @JsonProperty("system_identifier") @JsonInclude(JsonInclude.Include.ALWAYS)
          @Nullable BigInteger systemIdentifier,
      @JsonProperty("uncompressed_size") long uncompressedSize,
      @JsonProperty("compressed_size") long compressedSize,
      @JsonProperty("user_data") @Nullable JsonNode userData) {
    static final Document EMPTY =
        new Document(null, null, null, null, null, 0, null, null, false, null, 0, 0, null);

    BackupMetadata toMetadata(String name) {
      return new BackupMetadata(
          Documents.time(startTime, name),
          Documents.time(finishTime, name),
          hostname == null ? "" : hostname,
          dataDirectory == null ? "" : dataDirectory,
          Documents.serverVersion(pgVersion),
          Documents.lsn(startLsn, name).orElse(Lsn.ZERO),
          Documents.lsn(finishLsn, name).orElse(Lsn.ZERO),
          permanent,
          Documents.systemIdentifier(systemIdentifier, name),
          uncompressedSize,
          compressedSize,
          Documents.present(userData));
    }
  }
}
