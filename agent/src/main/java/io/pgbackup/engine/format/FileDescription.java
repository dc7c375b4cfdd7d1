package io.pgbackup.engine.format;

import java.time.Instant;
import java.util.List;

/// What `files_metadata.json` says of one member.
///
/// @param content how the backup holds it
/// @param modified the file's time of modification, taken before it was read: the next delta may
///   leave the file out if it still has this time
/// @param corruptPages numbers of the pages whose checksum did not hold, counted from the start of
///   the file; ascending
public record FileDescription(Content content, Instant modified, List<Long> corruptPages) {
  public enum Content {
    WHOLE,
    /// The pages that changed since the parent; see [Increment].
    INCREMENT,
    /// No member at all: the file is the parent's.
    OF_THE_PARENT
  }

  public FileDescription {
    corruptPages = List.copyOf(corruptPages);
  }

  public static FileDescription whole(Instant modified) {
    return new FileDescription(Content.WHOLE, modified, List.of());
  }
}
