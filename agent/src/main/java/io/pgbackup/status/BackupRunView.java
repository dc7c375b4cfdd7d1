package io.pgbackup.status;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.Optional;

/// One run of a base backup, under way or ended, as `GET /api/v1/backups/{id}` shows it.
///
/// @param id made by the agent; means nothing to any other agent, or after a restart
/// @param backup the base backup's name, once the server is in backup mode
/// @param startedAt by the agent's clock, as `endedAt`
/// @param files read so far
/// @param bytes of file content read so far
/// @param problem why it failed
public record BackupRunView(
    String id,
    State state,
    Optional<String> backup,
    Instant startedAt,
    Optional<Instant> endedAt,
    long files,
    long bytes,
    Optional<ProblemView> problem) {
  public enum State {
    /// A probe segment is archived, then the server's checkpoint is awaited.
    @JsonProperty("starting")
    STARTING,
    @JsonProperty("copying")
    COPYING,
    /// The files are stored; the last WAL segments that belong to them are not yet.
    @JsonProperty("awaiting-wal")
    AWAITING_WAL,
    /// The sentinel stands.
    @JsonProperty("completed")
    COMPLETED,
    @JsonProperty("failed")
    FAILED;

    public boolean ended() {
      return this == COMPLETED || this == FAILED;
    }
  }
}
