package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class DataDirectoryTest {
  private static final List<String> MOUNTS =
      List.of(
          "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
          "31 22 254:0 /srv/volumes/7 /srv/pg/data rw,relatime shared:1 - ext4 /dev/vda rw",
          "32 22 254:0 /x /srv/my\\040data\\134here rw - ext4 /dev/vda rw",
          "");

  @Test
  void aBindMountWithinOneFileSystemIsAMountPoint() {
    assertThat(DataDirectory.isMounted(Path.of("/srv/pg/data"), MOUNTS)).isTrue();
    assertThat(DataDirectory.isMounted(Path.of("/srv/my data\\here"), MOUNTS)).isTrue();
  }

  @Test
  void whatLiesOnAMountIsNone() {
    assertThat(DataDirectory.isMounted(Path.of("/srv/pg/data/base"), MOUNTS)).isFalse();
    assertThat(DataDirectory.isMounted(Path.of("/srv/pg"), MOUNTS)).isFalse();
    assertThat(DataDirectory.isMounted(Path.of("/srv/volumes/7"), MOUNTS)).isFalse();
  }

  @Test
  void theRootOfAMountedFileSystemIsAMountPoint() {
    assertThat(new DataDirectory(Path.of("/proc")).isMountPoint()).isTrue();
    assertThat(new DataDirectory(Path.of("/proc/self")).isMountPoint()).isFalse();
  }
}
