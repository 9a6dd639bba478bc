import { useState } from "react";

interface Props {
  names: string[];
  onPick: (name: string) => void;
}

const EMPTY = "nobody yet";

/** A list of names of which one may be picked. */
export function Board({ names, onPick }: Props) {
  const [picked, setPicked] = useState<string | undefined>();

  function pick(name: string): void {
    setPicked(name);
    onPick(name);
  }

  return (
    <section className="board">
      <h2>{picked ?? EMPTY}</h2>
      <ul>
        {names.map((name) => (
          <li key={name}>
            <button type="button" onClick={() => pick(name)} disabled={name === picked}>
              {name}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export default function Page() {
  return <Board names={["Ada", "Emmy"]} onPick={(name) => console.info(name)} />;
}
