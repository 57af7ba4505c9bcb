import PolymathTool

PolymathCommand.main()
