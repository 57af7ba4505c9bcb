@_exported import Algorithms
@_exported import Engine
@_exported import Environments
@_exported import Layers
@_exported import Returns
@_exported import Runs
@_exported import Tensors
