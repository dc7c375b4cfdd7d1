package io.pgbackup.verify;

import io.pgbackup.postgres.ControlFile;
import java.util.List;
import java.util.Optional;

/// What one tar held, read to its end.
///
/// @param tar its name
/// @param others paths of directories, links and the like
/// @param perhapsCut whether nothing tells that more followed: no codec, no mark of the end
/// @param control the control file, where it lies in this tar
/// @param bytes of all content
record TarContent(
    String tar,
    List<Member> members,
    List<String> others,
    boolean perhapsCut,
    Optional<ControlFile> control,
    long bytes) {
  /// @param size of the whole file, also where the tar holds only pages of it
  /// @param sha256 of what the tar holds
  record Member(String path, long size, String sha256) {}
}
