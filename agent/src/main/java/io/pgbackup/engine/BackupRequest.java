package io.pgbackup.engine;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Objects;
import java.util.Optional;

/// What kind of base backup somebody wants.
///
/// @param permanent retention never expires it, nor what it stands on
/// @param userData any JSON to be kept with it, instead of what the configuration says
public record BackupRequest(Kind kind, boolean permanent, Optional<JsonNode> userData) {
  public enum Kind {
    /// A delta where the configuration allows one and there is something to stand on, otherwise a
    /// full one.
    @JsonProperty("configured")
    CONFIGURED,
    @JsonProperty("full")
    FULL,
    /// A delta, however many there are in a row, or a refusal that says why there can be none.
    @JsonProperty("delta")
    DELTA
  }

  /// What the schedule asks for.
  public static final BackupRequest CONFIGURED = of(Kind.CONFIGURED);

  public static final BackupRequest FULL = of(Kind.FULL);

  public BackupRequest {
    // a request over HTTP may leave it out
    kind = Objects.requireNonNullElse(kind, Kind.CONFIGURED);
    userData = userData.filter(data -> !data.isNull() && !data.isMissingNode());
  }

  public static BackupRequest of(Kind kind) {
    return new BackupRequest(kind, false, Optional.empty());
  }
}
