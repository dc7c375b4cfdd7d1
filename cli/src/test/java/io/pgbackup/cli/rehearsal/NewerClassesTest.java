package io.pgbackup.cli.rehearsal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class NewerClassesTest {
  @TempDir private Path folder;

  @Test
  void everyClassOfPicocliIsNewerAndStillPassesTheVerifier() throws Exception {
    Path jar = picocli();
    assertThat(NewerClasses.renew(folder)).containsExactly(jar);

    try (var zip = new ZipFile(jar.toFile());
        var loader =
            new URLClassLoader(
                new URL[] {jar.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
      for (ZipEntry entry : Collections.list(zip.entries())) {
        String name = entry.getName();
        // its part for Groovy needs Groovy
        if (name.startsWith("picocli/") && name.endsWith(".class") && !name.contains("groovy")) {
          assertThat(ClassFile.of().parse(zip.getInputStream(entry).readAllBytes()).majorVersion())
              .as(name)
              .isGreaterThanOrEqualTo(ClassFile.JAVA_6_VERSION);
          Class.forName(name.replace('/', '.').replace(".class", ""), true, loader);
        }
      }
    }
  }

  @Test
  void whatIsNewEnoughStaysAsItIs() throws Exception {
    Path jar = picocli();
    NewerClasses.renew(folder);
    byte[] once = Files.readAllBytes(jar);

    assertThat(NewerClasses.renew(folder)).isEmpty();
    assertThat(jar).hasBinaryContent(once);
  }

  private Path picocli() throws IOException {
    Path from =
        Path.of(CommandLine.class.getProtectionDomain().getCodeSource().getLocation().getPath());
    return Files.copy(from, folder.resolve("picocli.jar"));
  }
}
