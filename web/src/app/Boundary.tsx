import { Component, type ReactElement, type ReactNode } from "react";

import { ApiError } from "@/shared/api/client";
import { Failure } from "@/shared/ui/States";

interface Props {
  /** What is shown; another one is given a new try. */
  place: string;
  children: ReactNode;
  /** What the failure stands in, where it is not to be in the place of what failed. */
  frame?: (failure: ReactElement) => ReactNode;
}

/** Keeps the rest of the page where a part of it cannot be drawn, as when its code does not come. */
export class Boundary extends Component<Props, { failed: string | null }> {
  override state = { failed: null as string | null };

  static getDerivedStateFromProps(props: Props, state: { failed: string | null }) {
    return state.failed !== null && state.failed !== props.place ? { failed: null } : null;
  }

  static getDerivedStateFromError() {
    return { failed: window.location.pathname };
  }

  override render(): ReactNode {
    if (this.state.failed === null) return this.props.children;
    const failure = <Failure error={new ApiError(0, "offline", "")} retry={() => window.location.reload()} />;
    return this.props.frame?.(failure) ?? failure;
  }
}
