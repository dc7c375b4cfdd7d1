package io.pgbackup.store;

import java.util.List;

/// The folders directly inside another one, as far as was looked.
///
/// @param folders in order
/// @param pages that were asked for, one LIST each
/// @param complete whether these are all
public record FolderListing(List<StoreFolder> folders, long pages, boolean complete) {
  public FolderListing {
    folders = List.copyOf(folders);
  }
}
