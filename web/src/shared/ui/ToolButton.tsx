import { Button, type ButtonProps } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";
import type { ComponentPropsWithRef, ReactElement } from "react";

interface Props extends Omit<ButtonProps, "variant" | "size" | "fz" | "leftSection">, Omit<ComponentPropsWithRef<"button">, keyof ButtonProps> {
  /** Stands before its word. */
  icon?: Icon;
}

/** The quiet button of pages' tools and of what goes on from here, the same wherever it stands. */
export function ToolButton({ icon: Sign, ...props }: Props): ReactElement {
  return (
    <Button variant="default" size="compact-md" fz="sm" {...(Sign ? { leftSection: <Sign size={16} aria-hidden /> } : {})} {...props} />
  );
}
