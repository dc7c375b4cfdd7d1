package io.pgbackup.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.Parent;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SenderUidTest {
  @TempDir private Path folder;
  private Path data;

  @BeforeEach
  void makeDataDirectory() throws IOException {
    data = Files.createDirectory(folder.resolve("data"));
  }

  @Test
  void isTheUidOfTheIdentityBesideTheDataAndNotItsParents() {
    LineageUid own = new LineageUid("own-1");
    var parent = new Parent(new LineageUid("parent-1"), Timeline.FIRST, new Lsn(16));
    IdentityFile.beside(data)
        .write(
            new Identity(
                new ClusterId("default", "orders"),
                own,
                new SystemIdentifier(1),
                Optional.of(parent)));

    assertThat(SenderUid.beside(data)).contains(own);
  }

  @Test
  void isFoundBehindASymbolicLink() throws IOException {
    Files.writeString(folder.resolve("data.pgbackup.json"), "{\"uid\":\"own-1\"}");
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Path link = Files.createSymbolicLink(elsewhere.resolve("link"), data);

    assertThat(SenderUid.beside(link)).contains(new LineageUid("own-1"));
  }

  @Test
  void isUnknownWithoutAnIdentity() {
    assertThat(SenderUid.beside(data)).isEmpty();
  }

  @Test
  void isUnknownInTheRootOfTheFileSystem() {
    assertThat(SenderUid.beside(Path.of("/"))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "{}",
        "{\"parent\":{\"uid\":\"p\"}}",
        "{\"uid\":7}",
        "{\"uid\":\"../x\"}",
        "{\"uid\":\"\"}"
      })
  void aDamagedIdentityIsNeverUnknown(String content) throws IOException {
    Files.writeString(folder.resolve("data.pgbackup.json"), content);

    assertThatThrownBy(() -> SenderUid.beside(data))
        .extracting(e -> ((PgBackupException) e).problem())
        .isInstanceOf(Problem.Refused.class);
  }

  @Property
  void readsTheSameUidAsTheLibraryWhateverStandsAroundIt(
      @ForAll String before, @ForAll String text, @ForAll boolean nested, @ForAll int number) {
    ObjectNode identity = JsonNodeFactory.instance.objectNode();
    identity.put("x" + before, text).put("n", number).put("t", nested).putNull("z");
    identity.putObject("parent").put("uid", "p").putArray("uid2").add("uid").add(text);
    identity.put("uid", "own-1").put("y" + text, "uid");

    assertThat(SenderUid.uid(nested ? identity.toPrettyString() : identity.toString()))
        .isEqualTo("own-1");
  }

  @Test
  void otherFieldsDoNotMatter() throws IOException {
    Files.writeString(
        folder.resolve("data.pgbackup.json"),
        "{\"a\":{\"uid\":\"x\"},\"b\":[{\"uid\":\"y\"},\"uid\"],\"uid\":\"own-1\",\"c\":1}\n");

    assertThat(SenderUid.beside(data)).contains(new LineageUid("own-1"));
  }
}
